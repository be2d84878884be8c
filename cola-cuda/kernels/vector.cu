// Vectors in device memory: what iterative methods ask of them, and the leaves of operators. Every kernel exists for float and double.
// Lengths are `long long`; loops go by the whole grid, so that any grid is right. No `#include`, so that NVRTC needs no headers.
#ifndef SHARED
#define SHARED(T, name, dims) __shared__ T name dims
#endif
#define GRID(i, n) for (long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x; i < (n); i += (long long)gridDim.x * blockDim.x)
#define FN __device__ __forceinline__

// The sum of v over a block of 256 threads, known to thread 0.
template <class R> FN R block_sum(R v, R* cells) {
  for (int d = 16; d; d >>= 1) v += __shfl_xor_sync(0xffffffffu, v, d);
  if (threadIdx.x % 32 == 0) cells[threadIdx.x / 32] = v;
  __syncthreads();
  v = 0;
  if (threadIdx.x == 0) for (int i = 0; i < 8; i++) v += cells[i];
  return v;
}
// y = a x + b y; y is not read where b is 0
template <class R> FN void axpby(R* y, const R* x, R a, R b, long long n) { GRID(i, n) y[i] = b == 0 ? a * x[i] : fma(a, x[i], b * y[i]); }
// One partial sum of x[i] y[i] s^2 per block; the host's order of summation does not matter, the device's is always the same.
template <class R> FN void dot(R* sums, const R* x, const R* y, R s, long long n) {
  SHARED(R, cells, [8]);
  R v = 0;
  GRID(i, n) v = fma(x[i] * s, y[i] * s, v);
  v = block_sum(v, cells);
  if (threadIdx.x == 0) sums[blockIdx.x] = v;
}
// The largest |x_i| of each block; NaN where there is one.
template <class R> FN void largest(R* tops, const R* x, long long n) {
  SHARED(R, cells, [8]);
  R v = 0;
  GRID(i, n) { R a = fabs(x[i]); v = a <= v ? v : a; }
  for (int d = 16; d; d >>= 1) { R o = __shfl_xor_sync(0xffffffffu, v, d); v = o <= v || v != v ? v : o; }
  if (threadIdx.x % 32 == 0) cells[threadIdx.x / 32] = v;
  __syncthreads();
  if (threadIdx.x == 0) {
    for (int i = 1; i < 8; i++) v = cells[i] <= v || v != v ? v : cells[i];
    tops[blockIdx.x] = v;
  }
}
// x += a p, r -= b q, and the partial sums of |r|^2: one pass over four vectors.
template <class R> FN void step(R* x, R a, const R* p, R* r, R b, const R* q, R* sums, long long n) {
  SHARED(R, cells, [8]);
  R v = 0;
  GRID(i, n) {
    x[i] = fma(a, p[i], x[i]);
    R z = fma(-b, q[i], r[i]);
    r[i] = z;
    v = fma(z, z, v);
  }
  v = block_sum(v, cells);
  if (threadIdx.x == 0) sums[blockIdx.x] = v;
}
// y = [y +] a diag(d) x for `columns` columns; number i of column c of x at i * xr + c * xc.
template <class R> FN void diagonal(R* y, const R* d, const R* x, R a, int add, long long n, long long columns, long long xr, long long xc, long long yr, long long yc) {
  GRID(k, n * columns) {
    long long i = k % n, c = k / n;
    R v = a * (d[i] * x[i * xr + c * xc]);
    R* to = &y[i * yr + c * yc];
    *to = add ? *to + v : v;
  }
}
// y[i] = [y[i] +] a x[p[i]], or backwards y[p[i]] = ..
template <class R> FN void permutation(R* y, const int* p, const R* x, R a, int add, int back, long long n, long long columns, long long xr, long long xc, long long yr, long long yc) {
  GRID(k, n * columns) {
    long long i = k % n, c = k / n, to = back ? p[i] : i, from = back ? i : p[i];
    R v = a * x[from * xr + c * xc];
    R* out = &y[to * yr + c * yc];
    *out = add ? *out + v : v;
  }
}
// y = [y +] a x: a copy between layouts.
template <class R> FN void scaled(R* y, const R* x, R a, int add, long long n, long long columns, long long xr, long long xc, long long yr, long long yc) {
  GRID(k, n * columns) {
    long long i = k % n, c = k / n;
    R v = a * x[i * xr + c * xc];
    R* to = &y[i * yr + c * yc];
    *to = add ? *to + v : v;
  }
}
// y = [y +] a op(A) x by 16 x 16 tiles: A is m x n with entry (i, j) at i * ar + j * ac, so that a transpose is a matter of strides; x is
// n x k, y is m x k, each with strides of its own, so that Kron needs no transposition.
template <class R> FN void product(R* y, const R* A, const R* x, R a, int add, long long m, long long n, long long k, long long ar, long long ac, long long xr, long long xc, long long yr, long long yc) {
  SHARED(R, as, [16][17]);
  SHARED(R, xs, [16][17]);
  const int tx = threadIdx.x, ty = threadIdx.y;
  const long long tiles = (k + 15) / 16, row0 = blockIdx.x / tiles * 16, col0 = blockIdx.x % tiles * 16;
  R sum = 0;
  for (long long t = 0; t < n; t += 16) {
    // neighbouring threads along the smaller stride
    const int ai = ar <= ac ? tx : ty, aj = ar <= ac ? ty : tx, xi = xr <= xc ? tx : ty, xj = xr <= xc ? ty : tx;
    as[ai][aj] = row0 + ai < m && t + aj < n ? A[(row0 + ai) * ar + (t + aj) * ac] : R(0);
    xs[xi][xj] = t + xi < n && col0 + xj < k ? x[(t + xi) * xr + (col0 + xj) * xc] : R(0);
    __syncthreads();
#pragma unroll
    for (int j = 0; j < 16; j++) sum = fma(yr <= yc ? as[tx][j] : as[ty][j], yr <= yc ? xs[j][ty] : xs[j][tx], sum);
    __syncthreads();
  }
  const long long row = row0 + (yr <= yc ? tx : ty), col = col0 + (yr <= yc ? ty : tx);
  if (row < m && col < k) {
    R* to = &y[row * yr + col * yc];
    *to = add ? *to + a * sum : a * sum;
  }
}
// y = [y +] a A x for a compressed A, a warp a line; a line's numbers are values[start[i] .. start[i + 1]].
template <class R> FN void compressed(R* y, const int* start, const int* index, const R* values, const R* x, R a, int add, long long lines, long long columns, long long xr, long long xc, long long yr, long long yc) {
  const int lane = threadIdx.x % 32;
  const long long warps = (long long)gridDim.x * blockDim.x / 32;
  for (long long w = (blockIdx.x * (long long)blockDim.x + threadIdx.x) / 32; w < lines * columns; w += warps) {
    const long long i = w % lines, c = w / lines;
    R s = 0;
    for (int k = start[i] + lane; k < start[i + 1]; k += 32) s = fma(values[k], x[index[k] * xr + c * xc], s);
    for (int d = 16; d; d >>= 1) s += __shfl_xor_sync(0xffffffffu, s, d);
    if (lane == 0) {
      R* to = &y[i * yr + c * yc];
      *to = add ? *to + a * s : a * s;
    }
  }
}
// y = x^T by tiles: x has `rows` rows of `cols` neighbouring numbers.
template <class R> FN void turned(R* y, const R* x, long long rows, long long cols) {
  SHARED(R, tile, [32][33]);
  const long long across = (cols + 31) / 32, r0 = blockIdx.x / across * 32, c0 = blockIdx.x % across * 32;
  for (int i = threadIdx.y; i < 32; i += 8)
    if (r0 + i < rows && c0 + threadIdx.x < cols) tile[i][threadIdx.x] = x[(r0 + i) * cols + c0 + threadIdx.x];
  __syncthreads();
  for (int i = threadIdx.y; i < 32; i += 8)
    if (c0 + i < cols && r0 + threadIdx.x < rows) y[(c0 + i) * rows + r0 + threadIdx.x] = tile[threadIdx.x][i];
}
#define KERNELS(R, _r) \
  extern "C" __global__ void fill##_r(R* y, R c, long long n) { GRID(i, n) y[i] = c; } \
  extern "C" __global__ void axpby##_r(R* y, const R* x, R a, R b, long long n) { axpby<R>(y, x, a, b, n); } \
  extern "C" __global__ void __launch_bounds__(256) dot##_r(R* sums, const R* x, const R* y, R s, long long n) { dot<R>(sums, x, y, s, n); } \
  extern "C" __global__ void __launch_bounds__(256) largest##_r(R* tops, const R* x, long long n) { largest<R>(tops, x, n); } \
  extern "C" __global__ void __launch_bounds__(256) step##_r(R* x, R a, const R* p, R* r, R b, const R* q, R* sums, long long n) { step<R>(x, a, p, r, b, q, sums, n); } \
  extern "C" __global__ void diagonal##_r(R* y, const R* d, const R* x, R a, int add, long long n, long long k, long long xr, long long xc, long long yr, long long yc) { diagonal<R>(y, d, x, a, add, n, k, xr, xc, yr, yc); } \
  extern "C" __global__ void permutation##_r(R* y, const int* p, const R* x, R a, int add, int back, long long n, long long k, long long xr, long long xc, long long yr, long long yc) { permutation<R>(y, p, x, a, add, back, n, k, xr, xc, yr, yc); } \
  extern "C" __global__ void scaled##_r(R* y, const R* x, R a, int add, long long n, long long k, long long xr, long long xc, long long yr, long long yc) { scaled<R>(y, x, a, add, n, k, xr, xc, yr, yc); } \
  extern "C" __global__ void __launch_bounds__(256) product##_r(R* y, const R* A, const R* x, R a, int add, long long m, long long n, long long k, long long ar, long long ac, long long xr, long long xc, long long yr, long long yc) { product<R>(y, A, x, a, add, m, n, k, ar, ac, xr, xc, yr, yc); } \
  extern "C" __global__ void __launch_bounds__(256) compressed##_r(R* y, const int* start, const int* index, const R* values, const R* x, R a, int add, long long lines, long long k, long long xr, long long xc, long long yr, long long yc) { compressed<R>(y, start, index, values, x, a, add, lines, k, xr, xc, yr, yc); } \
  extern "C" __global__ void __launch_bounds__(256) turned##_r(R* y, const R* x, long long rows, long long cols) { turned<R>(y, x, rows, cols); }
KERNELS(float, _f32)
KERNELS(double, _f64)
