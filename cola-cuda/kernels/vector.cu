// Vectors in device memory: what iterative methods ask of them, and the leaves of operators. Every kernel exists for float, double and
// their complex numbers. Lengths are `long long`; loops go by the whole grid, so that any grid is right. No `#include`, so that NVRTC
// needs no headers.
#ifndef SHARED
#define SHARED(T, name, dims) __shared__ T name dims
#endif
#define GRID(i, n) for (long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x; i < (n); i += (long long)gridDim.x * blockDim.x)
// The same with the numbers of four rounds on their way at once, where nothing that is written is read elsewhere: one round alone leaves a
// tenth of an H200's bandwidth unused.
#define GRID4(i, n) _Pragma("unroll 4") GRID(i, n)
#define FN __device__ __forceinline__

// A number S is R or Cx<R>. `mad` is a b + c, `bar` the conjugate, `size` the larger part: within sqrt(2) of |a|, and NaN if a part is.
template <class R> struct Cx { R x, y; };
template <class S> struct Real { typedef S Re; };
template <class R> struct Real<Cx<R>> { typedef R Re; };
#define RE typename Real<S>::Re
template <class R> FN R bar(R a) { return a; }
template <class R> FN Cx<R> bar(Cx<R> a) { return Cx<R>{a.x, -a.y}; }
template <class R> FN R part(R a) { return a; }
template <class R> FN R part(Cx<R> a) { return a.x; }
template <class R> FN R mad(R a, R b, R c) { return fma(a, b, c); }
template <class R> FN Cx<R> mad(Cx<R> a, Cx<R> b, Cx<R> c) {
  return Cx<R>{fma(a.x, b.x, fma(-a.y, b.y, c.x)), fma(a.x, b.y, fma(a.y, b.x, c.y))};
}
template <class R> FN R mul(R a, R b) { return a * b; }
template <class R> FN Cx<R> mul(Cx<R> a, Cx<R> b) { return Cx<R>{fma(a.x, b.x, -(a.y * b.y)), fma(a.x, b.y, a.y * b.x)}; }
template <class R> FN R plus(R a, R b) { return a + b; }
template <class R> FN Cx<R> plus(Cx<R> a, Cx<R> b) { return Cx<R>{a.x + b.x, a.y + b.y}; }
template <class R> FN R minus(R a) { return -a; }
template <class R> FN Cx<R> minus(Cx<R> a) { return Cx<R>{-a.x, -a.y}; }
template <class R> FN R times(R a, R s) { return a * s; }
template <class R> FN Cx<R> times(Cx<R> a, R s) { return Cx<R>{a.x * s, a.y * s}; }
template <class R> FN bool zero(R a) { return a == R(0); }
template <class R> FN bool zero(Cx<R> a) { return a.x == R(0) && a.y == R(0); }
template <class R> FN R square(R a, R c) { return fma(a, a, c); }
template <class R> FN R square(Cx<R> a, R c) { return fma(a.x, a.x, fma(a.y, a.y, c)); }
template <class R> FN R size(R a) { return fabs(a); }
template <class R> FN R size(Cx<R> a) { R x = fabs(a.x), y = fabs(a.y); return x <= y || y != y ? y : x; }
template <class R> FN R across(R v, int d) { return __shfl_xor_sync(0xffffffffu, v, d); }
template <class R> FN Cx<R> across(Cx<R> v, int d) {
  R x = __shfl_xor_sync(0xffffffffu, v.x, d);
  R y = __shfl_xor_sync(0xffffffffu, v.y, d);
  return Cx<R>{x, y};
}
// Storage of 16 bits, computed with in float: IEEE half precision and bfloat16.
struct Half { unsigned short bits; };
struct Brain { unsigned short bits; };
union Word { unsigned bits; float value; };
template <class S> FN S wide(S a) { return a; }
FN float wide(Brain b) { Word w; w.bits = (unsigned)b.bits << 16; return w.value; }
FN float wide(Half h) {
  // exponent and fraction to their places; the exponent's offset by a multiplication, which makes subnormals right too
  Word w, offset;
  w.bits = (h.bits & 0x7fffu) << 13;
  offset.bits = 239u << 23; // 2^112
  w.value *= offset.value;
  if ((h.bits & 0x7c00u) == 0x7c00u) w.bits |= 0x7f800000u;
  w.bits |= (h.bits & 0x8000u) << 16;
  return w.value;
}

// The sum of v over a block of 256 threads, known to thread 0.
template <class S> FN S block_sum(S v, S* cells) {
  for (int d = 16; d; d >>= 1) v = plus(v, across(v, d));
  if (threadIdx.x % 32 == 0) cells[threadIdx.x / 32] = v;
  __syncthreads();
  if (threadIdx.x == 0) for (int i = 1; i < 8; i++) v = plus(v, cells[i]);
  return v;
}
// y = a x + b y; y is not read where b is 0
template <class S> FN void axpby(S* __restrict__ y, const S* __restrict__ x, S a, S b, long long n) {
  if (zero(b)) GRID4(i, n) y[i] = mul(a, x[i]);
  else GRID4(i, n) y[i] = mad(a, x[i], mul(b, y[i]));
}
template <class S> FN void scale(S* y, S c, long long n) { GRID4(i, n) y[i] = mul(c, y[i]); }
// One partial sum of conj(x[i]) y[i] s^2 per block; the host's order of summation does not matter, the device's is always the same.
template <class S> FN void dot(S* sums, const S* x, const S* y, RE s, long long n) {
  SHARED(S, cells, [8]);
  S v = S{};
  GRID4(i, n) v = mad(bar(times(x[i], s)), times(y[i], s), v);
  v = block_sum(v, cells);
  if (threadIdx.x == 0) sums[blockIdx.x] = v;
}
// The largest part of each block; NaN where there is one.
template <class S> FN void largest(RE* tops, const S* x, long long n) {
  SHARED(RE, cells, [8]);
  RE v = 0;
  GRID4(i, n) { RE a = size(x[i]); v = a <= v ? v : a; }
  for (int d = 16; d; d >>= 1) { RE o = across(v, d); v = o <= v || v != v ? v : o; }
  if (threadIdx.x % 32 == 0) cells[threadIdx.x / 32] = v;
  __syncthreads();
  if (threadIdx.x == 0) {
    for (int i = 1; i < 8; i++) v = cells[i] <= v || v != v ? v : cells[i];
    tops[blockIdx.x] = v;
  }
}
// x += a p, r -= b q, and the partial sums of |r|^2: one pass over four vectors.
template <class S>
FN void step(S* __restrict__ x, S a, const S* __restrict__ p, S* __restrict__ r, S b, const S* __restrict__ q, RE* sums, long long n) {
  SHARED(RE, cells, [8]);
  RE v = 0;
  const S c = minus(b);
  GRID4(i, n) {
    x[i] = mad(a, p[i], x[i]);
    S z = mad(c, q[i], r[i]);
    r[i] = z;
    v = square(z, v);
  }
  v = block_sum(v, cells);
  if (threadIdx.x == 0) sums[blockIdx.x] = v;
}

// Conjugate gradients whose scalars stay on the device: the host looks at every k-th iteration only. `log` takes p^H A p, |r|^2 and a
// mark of each iteration, `step` counts them. Once p^H A p is not positive, or |r|^2 at most `limit`, `going` is 0 and nothing changes any more.
template <class R> struct Progress { R rho, alpha, beta, limit, going, step; };
template <class S> FN void cg_alpha(Progress<RE>* s, const S* sums, int parts, RE* log) {
  SHARED(S, cells, [8]);
  S v = S{};
  for (int i = threadIdx.x; i < parts; i += 256) v = plus(v, sums[i]);
  v = block_sum(v, cells);
  if (threadIdx.x == 0) {
    const RE mu = part(v);
    log += 3 * (long long)s->step;
    if (s->going != 0) { log[0] = mu; log[2] = 1; }
    if (!(mu > 0) || mu - mu != 0) s->going = 0;
    s->alpha = s->going != 0 ? s->rho / mu : RE(0);
  }
}
// x += scale alpha p, r -= alpha q, and the partial sums of |r|^2.
template <class S> FN void cg_step(
    const Progress<RE>* s, S* __restrict__ x, RE scale, const S* __restrict__ p, S* __restrict__ r, const S* __restrict__ q, RE* sums, long long n) {
  SHARED(RE, cells, [8]);
  RE v = 0;
  const RE a = s->alpha, b = scale * a;
  if (s->going != 0) GRID4(i, n) {
    x[i] = plus(x[i], times(p[i], b));
    S z = plus(r[i], times(q[i], -a));
    r[i] = z;
    v = square(z, v);
  }
  v = block_sum(v, cells);
  if (threadIdx.x == 0) sums[blockIdx.x] = v;
}
template <class R> FN void cg_beta(Progress<R>* s, const R* sums, int parts, R* log) {
  SHARED(R, cells, [8]);
  R v = 0;
  for (int i = threadIdx.x; i < parts; i += 256) v += sums[i];
  v = block_sum(v, cells);
  if (threadIdx.x == 0 && s->going != 0) {
    log[3 * (long long)s->step + 1] = v;
    s->step += 1;
    s->beta = v / s->rho;
    s->rho = v;
    if (!(v > s->limit) || v - v != 0) s->going = 0;
  }
}
// p = r + beta p
template <class S> FN void cg_direction(const Progress<RE>* s, S* __restrict__ p, const S* __restrict__ r, long long n) {
  const RE b = s->beta;
  if (s->going != 0) GRID4(i, n) p[i] = plus(r[i], times(p[i], b));
}

// n rows of k x l columns, each matrix with strides of its own, so that Kron needs no transposition.
struct Places { long long n, k, l, xr, xc, xl, yr, yc, yl; };
// Row, column and layer number t: neighbouring threads along the smaller stride of y.
FN void place(const Places& s, long long t, long long& i, long long& c, long long& z) {
  if (s.k == 1 && s.l == 1) { i = t; c = z = 0; return; }
  const bool rows = s.k == 1 || s.yr <= s.yc;
  const long long inner = rows ? s.n : s.k, outer = rows ? s.k : s.n;
  long long a, b;
  if (t <= 0xffffffffll && inner <= 0xffffffffll && outer <= 0xffffffffll) {
    const unsigned u = (unsigned)t, v = u / (unsigned)inner;
    a = u - v * (unsigned)inner;
    z = v / (unsigned)outer;
    b = v - (unsigned)z * (unsigned)outer;
  } else {
    a = t % inner; b = t / inner % outer; z = t / inner / outer;
  }
  i = rows ? a : b;
  c = rows ? b : a;
}
template <class S> FN void write(S* to, S a, int add, S v) { *to = add ? mad(a, v, *to) : mul(a, v); }
#define EACH(s) GRID(t, s.n * s.k * s.l)
#define AT long long i, c, z; place(s, t, i, c, z)
#define X(i) x[(i) * s.xr + c * s.xc + z * s.xl]
#define Y(i) &y[(i) * s.yr + c * s.yc + z * s.yl]
// y = [y +] a diag(d) x, or with conj(d).
template <class S> FN void diagonal(S* y, const S* d, const S* x, S a, int add, int back, Places s) {
  EACH(s) { AT; write(Y(i), a, add, mul(back ? bar(d[i]) : d[i], X(i))); }
}
// y[i] = [y[i] +] a x[p[i]], or backwards y[p[i]] = ..
template <class S> FN void permutation(S* y, const int* p, const S* x, S a, int add, int back, Places s) {
  EACH(s) { AT; const long long to = back ? p[i] : i, from = back ? i : p[i]; write(Y(to), a, add, X(from)); }
}
// y = [y +] a x, or a conj(x): a copy between layouts.
template <class S> FN void scaled(S* y, const S* x, S a, int add, int conjugate, Places s) {
  EACH(s) { AT; write(Y(i), a, add, conjugate ? bar(X(i)) : X(i)); }
}
// y = [y +] a op(A) x for A with `low` diagonals below and `high` above the main one; entry (i, i + d) is bands[(d + low) * n + i].
template <class S> FN void banded(S* y, const S* bands, const S* x, S a, int add, int back, int low, int high, Places s) {
  EACH(s) {
    AT;
    S v = S{};
    for (int d = -low; d <= high; d++) {
      const long long j = back ? i - d : i + d;
      if (j < 0 || j >= s.n) continue;
      const S e = bands[(d + low) * s.n + (back ? j : i)];
      v = mad(back ? bar(e) : e, X(j), v);
    }
    write(Y(i), a, add, v);
  }
}
// Entry (i, i + d) of op(A) for a tridiagonal A of n rows; 0 outside.
template <class S> FN S beside(const S* bands, long long n, long long i, int d, int back) {
  const long long j = i + d;
  if (j < 0 || j >= n) return S{};
  return back ? bar(bands[(1 - d) * n + j]) : bands[(1 + d) * n + i];
}
// y = [y +] a (op(A) x I + I x op(B)) x for tridiagonal A of m and B of n rows; x and y are m rows of n neighbouring numbers. A thread goes
// down 16 rows of one column: the entries of B and the rows above and below stay with it, and x is read from memory once.
template <class S>
FN void tridiagonals(S* __restrict__ y, const S* A, const S* B, const S* __restrict__ x, S a, int add, int back, long long m, long long n) {
  const long long across = (n + blockDim.x - 1) / blockDim.x, first = blockIdx.x / across * 16, last = first + 16 < m ? first + 16 : m;
  const long long j = blockIdx.x % across * blockDim.x + threadIdx.x;
  if (j >= n) return;
  const S west = beside(B, n, j, -1, back), here = beside(B, n, j, 0, back), east = beside(B, n, j, 1, back);
  S above = first > 0 ? x[(first - 1) * n + j] : S{}, v = x[first * n + j];
#pragma unroll 4
  for (long long i = first; i < last; i++) {
    const S* row = x + i * n + j;
    const S below = i + 1 < m ? row[n] : S{}, left = j > 0 ? row[-1] : S{}, right = j + 1 < n ? row[1] : S{};
    S sum = mul(plus(here, beside(A, m, i, 0, back)), v);
    sum = mad(west, left, mad(east, right, sum));
    sum = mad(beside(A, m, i, -1, back), above, mad(beside(A, m, i, 1, back), below, sum));
    write(&y[i * n + j], a, add, sum);
    above = v;
    v = below;
  }
}
// y = [y +] a op(A) x by 16 x 16 tiles: A is m x n with entry (i, j) at i * ar + j * ac, so that a transpose is a matter of strides, and
// its entries are conjugated where `conjugate` says; x is n x k and y is m x k, in l layers.
struct Sizes { long long m, n, k, l, ar, ac, xr, xc, xl, yr, yc, yl; };
template <class S, class M> FN void product(S* y, const M* A, const S* x, S a, int add, int conjugate, Sizes s) {
  SHARED(S, as, [16][17]);
  SHARED(S, xs, [16][17]);
  const int tx = threadIdx.x, ty = threadIdx.y;
  const long long across = (s.k + 15) / 16, tiles = (s.m + 15) / 16 * across, z = blockIdx.x / tiles, tile = blockIdx.x % tiles;
  const long long row0 = tile / across * 16, col0 = tile % across * 16;
  x += z * s.xl;
  y += z * s.yl;
  S sum = S{};
  for (long long t = 0; t < s.n; t += 16) {
    // neighbouring threads along the smaller stride
    const int ai = s.ar <= s.ac ? tx : ty, aj = s.ar <= s.ac ? ty : tx, xi = s.xr <= s.xc ? tx : ty, xj = s.xr <= s.xc ? ty : tx;
    S e = S{}, f = S{};
    if (row0 + ai < s.m && t + aj < s.n) e = wide(A[(row0 + ai) * s.ar + (t + aj) * s.ac]);
    if (t + xi < s.n && col0 + xj < s.k) f = x[(t + xi) * s.xr + (col0 + xj) * s.xc];
    as[ai][aj] = conjugate ? bar(e) : e;
    xs[xi][xj] = f;
    __syncthreads();
#pragma unroll
    for (int j = 0; j < 16; j++) sum = mad(s.yr <= s.yc ? as[tx][j] : as[ty][j], s.yr <= s.yc ? xs[j][ty] : xs[j][tx], sum);
    __syncthreads();
  }
  const long long row = row0 + (s.yr <= s.yc ? tx : ty), col = col0 + (s.yr <= s.yc ? ty : tx);
  if (row < s.m && col < s.k) write(&y[row * s.yr + col * s.yc], a, add, sum);
}
// y = [y +] a A x for a compressed A (or conj(A)), a warp a line; a line's numbers are values[start[i] .. start[i + 1]].
template <class S> FN void compressed(S* y, const int* start, const int* index, const S* values, const S* x, S a, int add, int conjugate, Places s) {
  const int lane = threadIdx.x % 32;
  const long long warps = (long long)gridDim.x * blockDim.x / 32;
  for (long long w = (blockIdx.x * (long long)blockDim.x + threadIdx.x) / 32; w < s.n * s.k * s.l; w += warps) {
    const long long i = w % s.n, c = w / s.n % s.k, z = w / s.n / s.k;
    S v = S{};
    for (int k = start[i] + lane; k < start[i + 1]; k += 32) v = mad(conjugate ? bar(values[k]) : values[k], X(index[k]), v);
    for (int d = 16; d; d >>= 1) v = plus(v, across(v, d));
    if (lane == 0) write(Y(i), a, add, v);
  }
}
// A += a u v^H for the columns of u and v, one thread an entry of the m x n matrix: gradients of x^H A y.
template <class S> FN void outer(S* A, const S* u, const S* v, S a, long long m, long long n, long long k) {
  GRID(t, m * n) {
    const long long i = t % m, j = t / m;
    S e = S{};
    for (long long c = 0; c < k; c++) e = mad(u[i + c * m], bar(v[j + c * n]), e);
    A[t] = mad(a, e, A[t]);
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
#define KERNEL extern "C" __global__ void __launch_bounds__(256)
#define KERNELS(S, R, _s) \
  KERNEL fill##_s(S* y, S c, long long n) { GRID(i, n) y[i] = c; } \
  KERNEL axpby##_s(S* y, const S* x, S a, S b, long long n) { axpby<S>(y, x, a, b, n); } \
  KERNEL scale##_s(S* y, S c, long long n) { scale<S>(y, c, n); } \
  KERNEL dot##_s(S* sums, const S* x, const S* y, R s, long long n) { dot<S>(sums, x, y, s, n); } \
  KERNEL largest##_s(R* tops, const S* x, long long n) { largest<S>(tops, x, n); } \
  KERNEL step##_s(S* x, S a, const S* p, S* r, S b, const S* q, R* sums, long long n) { step<S>(x, a, p, r, b, q, sums, n); } \
  KERNEL cg_alpha##_s(Progress<R>* s, const S* sums, int parts, R* log) { cg_alpha<S>(s, sums, parts, log); } \
  KERNEL cg_step##_s(const Progress<R>* s, S* x, R scale, const S* p, S* r, const S* q, R* sums, long long n) { cg_step<S>(s, x, scale, p, r, q, sums, n); } \
  KERNEL cg_beta##_s(Progress<R>* s, const R* sums, int parts, R* log) { cg_beta<R>(s, sums, parts, log); } \
  KERNEL cg_direction##_s(const Progress<R>* s, S* p, const S* r, long long n) { cg_direction<S>(s, p, r, n); } \
  KERNEL diagonal##_s(S* y, const S* d, const S* x, S a, int add, int back, Places s) { diagonal<S>(y, d, x, a, add, back, s); } \
  KERNEL permutation##_s(S* y, const int* p, const S* x, S a, int add, int back, Places s) { permutation<S>(y, p, x, a, add, back, s); } \
  KERNEL scaled##_s(S* y, const S* x, S a, int add, int conjugate, Places s) { scaled<S>(y, x, a, add, conjugate, s); } \
  KERNEL banded##_s(S* y, const S* bands, const S* x, S a, int add, int back, int low, int high, Places s) { banded<S>(y, bands, x, a, add, back, low, high, s); } \
  KERNEL tridiagonals##_s(S* y, const S* A, const S* B, const S* x, S a, int add, int back, long long m, long long n) { tridiagonals<S>(y, A, B, x, a, add, back, m, n); } \
  KERNEL product##_s(S* y, const S* A, const S* x, S a, int add, int conjugate, Sizes s) { product<S, S>(y, A, x, a, add, conjugate, s); } \
  KERNEL compressed##_s(S* y, const int* start, const int* index, const S* values, const S* x, S a, int add, int conjugate, Places s) { compressed<S>(y, start, index, values, x, a, add, conjugate, s); } \
  KERNEL outer##_s(S* A, const S* u, const S* v, S a, long long m, long long n, long long k) { outer<S>(A, u, v, a, m, n, k); }
// One type of numbers alone where the text before this one says COLA_ONLY: a quarter of the time to compile.
#if !defined(COLA_ONLY) || defined(COLA_f64)
KERNELS(double, double, _f64)
KERNEL turned_f64(double* y, const double* x, long long rows, long long cols) { turned<double>(y, x, rows, cols); }
#endif
#if !defined(COLA_ONLY) || defined(COLA_c32)
KERNELS(Cx<float>, float, _c32)
#endif
#if !defined(COLA_ONLY) || defined(COLA_c64)
KERNELS(Cx<double>, double, _c64)
#endif
#if !defined(COLA_ONLY) || defined(COLA_f32)
KERNELS(float, float, _f32)
KERNEL turned_f32(float* y, const float* x, long long rows, long long cols) { turned<float>(y, x, rows, cols); }
KERNEL product_half(float* y, const Half* A, const float* x, float a, int add, int conjugate, Sizes s) { product<float, Half>(y, A, x, a, add, conjugate, s); }
KERNEL product_brain(float* y, const Brain* A, const float* x, float a, int add, int conjugate, Sizes s) { product<float, Brain>(y, A, x, a, add, conjugate, s); }
#endif
