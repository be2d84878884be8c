// cuBLAS, cuSOLVER, cuSPARSE and cuFFT for stand_in.c, whose memory is the host's: the functions that src/libraries calls, as NVIDIA's
// documentation describes them (column-major, leading dimensions, work space, verdicts), with its checks of arguments. Only for tests.
#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdlib>
#include <cstring>
#include <map>
#include <vector>
typedef void* H;
typedef long long L;
typedef std::complex<float> C;
typedef std::complex<double> Z;
template <class T> struct Re { typedef T R; };
template <class T> struct Re<std::complex<T>> { typedef T R; };
template <class T> T bar(T x) { return x; }
template <class T> std::complex<T> bar(std::complex<T> x) { return std::conj(x); }
template <class T> T op(T x, int o) { return o == 2 ? bar(x) : x; }
// entry (i, j) of op(A)
template <class T> T at(const T* a, L lda, int o, L i, L j) { return o ? op(a[j + i * lda], o) : a[i + j * lda]; }
static bool handle(H h) { return h && *(int*)h == 4711; }
static int created(H* h) { *h = malloc(sizeof(int)); *(int*)*h = 4711; return 0; }
static int destroyed(H h) { if (!handle(h)) return 1; *(int*)h = 0; free(h); return 0; }
extern "C" {
int cublasCreate_v2(H* h) { return created(h); }
int cublasDestroy_v2(H h) { return destroyed(h); }
int cublasSetStream_v2(H h, H s) { return handle(h) && s ? 0 : 1; }
int cusolverDnCreate(H* h) { return created(h); }
int cusolverDnDestroy(H h) { return destroyed(h); }
int cusolverDnSetStream(H h, H s) { return handle(h) && s ? 0 : 1; }
int cusparseCreate(H* h) { return created(h); }
int cusparseDestroy(H h) { return destroyed(h); }
int cusparseSetStream(H h, H s) { return handle(h) && s ? 0 : 1; }
}
// cuBLAS
template <class T> int gemm(int oa, int ob, L m, L n, L k, const void* alpha_, const void* A, L lda, L sa, const void* B, L ldb, L sb, const void* beta_, void* C_, L ldc, L sc, L batch) {
  if (m < 0 || n < 0 || k < 0 || batch < 0 || lda < std::max(1LL, oa ? k : m) || ldb < std::max(1LL, ob ? n : k) || ldc < std::max(1LL, m)) return 7;
  const T alpha = *(const T*)alpha_, beta = *(const T*)beta_;
  for (L z = 0; z < batch; z++)
    for (L j = 0; j < n; j++)
      for (L i = 0; i < m; i++) {
        T s = 0;
        for (L l = 0; l < k; l++) s += at((const T*)A + z * sa, lda, oa, i, l) * at((const T*)B + z * sb, ldb, ob, l, j);
        T& c = ((T*)C_)[z * sc + i + j * ldc];
        c = beta == T(0) ? alpha * s : alpha * s + beta * c;
      }
  return 0;
}
static int gemm_by_type(int type, int compute, int oa, int ob, L m, L n, L k, const void* al, const void* A, L lda, L sa, const void* B, L ldb, L sb, const void* be, void* D, L ldc, L sc, L batch) {
  if (compute != (type % 4 == 0 ? 68 : 70)) return 15;
  switch (type) {
    case 0: return gemm<float>(oa, ob, m, n, k, al, A, lda, sa, B, ldb, sb, be, D, ldc, sc, batch);
    case 1: return gemm<double>(oa, ob, m, n, k, al, A, lda, sa, B, ldb, sb, be, D, ldc, sc, batch);
    case 4: return gemm<C>(oa, ob, m, n, k, al, A, lda, sa, B, ldb, sb, be, D, ldc, sc, batch);
    case 5: return gemm<Z>(oa, ob, m, n, k, al, A, lda, sa, B, ldb, sb, be, D, ldc, sc, batch);
  }
  return 15;
}
extern "C" int cublasGemmEx_64(H h, int oa, int ob, L m, L n, L k, const void* al, const void* A, int ta, L lda, const void* B, int tb, L ldb, const void* be, void* D, int tc, L ldc, int compute, int algo) {
  if (!handle(h) || ta != tb || tb != tc || algo != -1) return 7;
  return gemm_by_type(ta, compute, oa, ob, m, n, k, al, A, lda, 0, B, ldb, 0, be, D, ldc, 0, 1);
}
extern "C" int cublasGemmStridedBatchedEx_64(H h, int oa, int ob, L m, L n, L k, const void* al, const void* A, int ta, L lda, L sa, const void* B, int tb, L ldb, L sb, const void* be, void* D, int tc, L ldc, L sc, L batch, int compute, int algo) {
  if (!handle(h) || ta != tb || tb != tc || algo != -1) return 7;
  return gemm_by_type(ta, compute, oa, ob, m, n, k, al, A, lda, sa, B, ldb, sb, be, D, ldc, sc, batch);
}
template <class T> int gemv(H h, int o, L m, L n, const T* alpha, const T* A, L lda, const T* x, L incx, const T* beta, T* y, L incy) {
  if (!handle(h) || m < 0 || n < 0 || lda < std::max(1LL, m) || !incx || !incy) return 7;
  for (L i = 0; i < (o ? n : m); i++) {
    T s = 0;
    for (L j = 0; j < (o ? m : n); j++) s += at(A, lda, o, i, j) * x[j * incx];
    y[i * incy] = *beta == T(0) ? *alpha * s : *alpha * s + *beta * y[i * incy];
  }
  return 0;
}
template <class T> int trsm(H h, int side, int fill, int o, int diag, L m, L n, const T* alpha, const T* A, L lda, T* B, L ldb) {
  if (!handle(h) || side != 0 || diag != 0 || lda < std::max(1LL, m) || ldb < std::max(1LL, m)) return 7;
  const bool lower = (fill == 0) != (o != 0);
  for (L c = 0; c < n; c++)
    for (L k = 0; k < m; k++) {
      const L i = lower ? k : m - 1 - k;
      T s = *alpha * B[i + c * ldb];
      for (L j = lower ? 0 : i + 1; j < (lower ? i : m); j++) s -= at(A, lda, o, i, j) * B[j + c * ldb];
      B[i + c * ldb] = s / at(A, lda, o, i, i);
    }
  return 0;
}
#define BLAS(T, X) \
extern "C" int cublas##X##gemv_v2_64(H h, int o, L m, L n, const T* al, const T* A, L lda, const T* x, L ix, const T* be, T* y, L iy) { return gemv<T>(h, o, m, n, al, A, lda, x, ix, be, y, iy); } \
extern "C" int cublas##X##trsm_v2_64(H h, int s, int f, int o, int d, L m, L n, const T* al, const T* A, L lda, T* B, L ldb) { return trsm<T>(h, s, f, o, d, m, n, al, A, lda, B, ldb); }
BLAS(float, S) BLAS(double, D) BLAS(C, C) BLAS(Z, Z)

// cuSOLVER
template <class T> int potrf(H h, int uplo, int n, T* a, int lda, T* w, int l, int* info) {
  if (!handle(h) || uplo || l < 7 || lda < n) return 3;
  w[6] = 0; *info = 0;
  for (int j = 0; j < n; j++) {
    for (int k = 0; k < j; k++) for (int i = j; i < n; i++) a[i + (L)j * lda] -= a[i + (L)k * lda] * bar(a[j + (L)k * lda]);
    const auto d = std::real(a[j + (L)j * lda]);
    if (!(d > 0)) { a[j + (L)j * lda] = d; *info = j + 1; return 0; }
    const auto r = std::sqrt(d);
    for (int i = j; i < n; i++) a[i + (L)j * lda] /= r;
  }
  return 0;
}
template <class T> int potrs(H h, int uplo, int n, int k, const T* a, int lda, T* b, int ldb, int* info) {
  if (!handle(h) || uplo || lda < n || ldb < n) return 3;
  T one = 1;
  *info = 0;
  trsm<T>(h, 0, 0, 0, 0, n, k, &one, a, lda, b, ldb);
  return trsm<T>(h, 0, 0, 2, 0, n, k, &one, a, lda, b, ldb);
}
template <class T> int getrf(H h, int m, int n, T* a, int lda, T* w, int* p, int* info) {
  if (!handle(h) || m != n || lda < m) return 3;
  *info = 0; w[8] = 0;
  for (int j = 0; j < n; j++) {
    int q = j;
    for (int i = j; i < n; i++) if (std::abs(a[i + (L)j * lda]) > std::abs(a[q + (L)j * lda])) q = i;
    p[j] = q + 1;
    for (int k = 0; k < n; k++) std::swap(a[j + (L)k * lda], a[q + (L)k * lda]);
    if (a[j + (L)j * lda] == T(0)) { if (!*info) *info = j + 1; continue; }
    for (int i = j + 1; i < n; i++) { a[i + (L)j * lda] /= a[j + (L)j * lda]; for (int k = j + 1; k < n; k++) a[i + (L)k * lda] -= a[i + (L)j * lda] * a[j + (L)k * lda]; }
  }
  return 0;
}
template <class T> int getrs(H h, int o, int n, int k, const T* a, int lda, const int* p, T* b, int ldb, int* info) {
  if (!handle(h) || lda < n || ldb < n) return 3;
  std::vector<T> l((size_t)n * n);
  for (int j = 0; j < n; j++) for (int i = 0; i < n; i++) l[i + (L)j * n] = i == j ? T(1) : i > j ? a[i + (L)j * lda] : T(0);
  T one = 1;
  *info = 0;
  auto exchange = [&](int j) { for (int c = 0; c < k; c++) std::swap(b[j + (L)c * ldb], b[p[j] - 1 + (L)c * ldb]); };
  if (!o) {
    for (int j = 0; j < n; j++) exchange(j);
    trsm<T>(h, 0, 0, 0, 0, n, k, &one, l.data(), n, b, ldb);
    trsm<T>(h, 0, 1, 0, 0, n, k, &one, a, lda, b, ldb);
  } else {
    trsm<T>(h, 0, 1, o, 0, n, k, &one, a, lda, b, ldb);
    trsm<T>(h, 0, 0, o, 0, n, k, &one, l.data(), n, b, ldb);
    for (int j = n - 1; j >= 0; j--) exchange(j);
  }
  return 0;
}
template <class T> int syevd(H h, int job, int uplo, int n, T* a, int lda, typename Re<T>::R* w, T* work, int l, int* info) {
  typedef typename Re<T>::R R;
  if (!handle(h) || job != 1 || uplo || lda < n || l < n * n) return 3;
  *info = 0;
  std::vector<T> v((size_t)n * n);
  for (int j = 0; j < n; j++) for (int i = 0; i < n; i++) { work[i + n * j] = 0; v[i + (L)j * n] = i == j; if (i < j) a[i + (L)j * lda] = bar(a[j + (L)i * lda]); }
#define A(i, j) a[(i) + (L)(j) * lda]
#define V(i, j) v[(i) + (L)(j) * n]
  for (int sweep = 0; sweep < 30; sweep++)
    for (int p = 0; p < n; p++) for (int q = p + 1; q < n; q++) {
      const R g = std::abs(A(p, q));
      if (g == 0) continue;
      // the phase of A(p, q) taken out of row and column q
      const T phase = A(p, q) / g;
      for (int k = 0; k < n; k++) { A(k, q) *= bar(phase); V(k, q) *= bar(phase); }
      for (int k = 0; k < n; k++) A(q, k) *= phase;
      const R tau = (std::real(A(q, q)) - std::real(A(p, p))) / (2 * g), t = (tau < 0 ? -1 : 1) / (std::fabs(tau) + std::sqrt(1 + tau * tau)), c = 1 / std::sqrt(1 + t * t), s = t * c;
      for (int k = 0; k < n; k++) { T x = A(k, p), y = A(k, q); A(k, p) = c * x - s * y; A(k, q) = s * x + c * y; }
      for (int k = 0; k < n; k++) { T x = A(p, k), y = A(q, k); A(p, k) = c * x - s * y; A(q, k) = s * x + c * y; }
      for (int k = 0; k < n; k++) { T x = V(k, p), y = V(k, q); V(k, p) = c * x - s * y; V(k, q) = s * x + c * y; }
    }
  std::vector<int> order(n);
  for (int i = 0; i < n; i++) order[i] = i;
  std::sort(order.begin(), order.end(), [&](int i, int j) { return std::real(A(i, i)) < std::real(A(j, j)); });
  for (int j = 0; j < n; j++) w[j] = std::real(A(order[j], order[j]));
  for (int j = 0; j < n; j++) for (int i = 0; i < n; i++) A(i, j) = V(i, order[j]);
  return 0;
}
template <class T> int gesvd(H h, char ju, char jv, int m, int n, T* a, int lda, typename Re<T>::R* s, T* u, int ldu, T* vt, int ldvt, T* work, int l, typename Re<T>::R* rwork, int* info) {
  typedef typename Re<T>::R R;
  if (!handle(h) || ju != 'S' || jv != 'S' || m < n || lda < m || ldu < m || ldvt < n || l < 5) return 3;
  *info = 0; work[4] = 0; rwork[0] = 0;
  std::vector<T> v((size_t)n * n);
  for (int i = 0; i < n; i++) V(i, i) = 1;
  for (int sweep = 0; sweep < 40; sweep++)
    for (int p = 0; p < n; p++) for (int q = p + 1; q < n; q++) {
      R pp = 0, qq = 0; T pq = 0;
      for (int i = 0; i < m; i++) { pp += std::norm(A(i, p)); qq += std::norm(A(i, q)); pq += bar(A(i, p)) * A(i, q); }
      const R g = std::abs(pq);
      if (g == 0) continue;
      const T phase = pq / g;
      const R tau = (qq - pp) / (2 * g), t = (tau < 0 ? -1 : 1) / (std::fabs(tau) + std::sqrt(1 + tau * tau)), c = 1 / std::sqrt(1 + t * t), z = t * c;
      auto turn = [&](T& x, T& y) { T b = y * bar(phase), o = x; x = c * o - z * b; y = z * o + c * b; };
      for (int i = 0; i < m; i++) turn(A(i, p), A(i, q));
      for (int i = 0; i < n; i++) turn(V(i, p), V(i, q));
    }
  std::vector<R> length(n);
  std::vector<int> order(n);
  for (int j = 0; j < n; j++) { R x = 0; for (int i = 0; i < m; i++) x += std::norm(A(i, j)); length[j] = std::sqrt(x); order[j] = j; }
  std::sort(order.begin(), order.end(), [&](int i, int j) { return length[i] > length[j]; });
  for (int j = 0; j < n; j++) {
    const int o = order[j];
    s[j] = length[o];
    for (int i = 0; i < m; i++) u[i + (L)j * ldu] = length[o] > 0 ? A(i, o) / length[o] : T(0);
    for (int i = 0; i < n; i++) vt[j + (L)i * ldvt] = bar(V(i, o));
  }
  return 0;
}
#define SOLVER(T, X, EV) \
extern "C" int cusolverDn##X##potrf_bufferSize(H h, int u, int n, T* a, int lda, int* l) { *l = 7; return u ? 3 : 0; } \
extern "C" int cusolverDn##X##potrf(H h, int u, int n, T* a, int lda, T* w, int l, int* i) { return potrf<T>(h, u, n, a, lda, w, l, i); } \
extern "C" int cusolverDn##X##potrs(H h, int u, int n, int k, const T* a, int lda, T* b, int ldb, int* i) { return potrs<T>(h, u, n, k, a, lda, b, ldb, i); } \
extern "C" int cusolverDn##X##getrf_bufferSize(H h, int m, int n, T* a, int lda, int* l) { *l = 9; return 0; } \
extern "C" int cusolverDn##X##getrf(H h, int m, int n, T* a, int lda, T* w, int* p, int* i) { return getrf<T>(h, m, n, a, lda, w, p, i); } \
extern "C" int cusolverDn##X##getrs(H h, int o, int n, int k, const T* a, int lda, const int* p, T* b, int ldb, int* i) { return getrs<T>(h, o, n, k, a, lda, p, b, ldb, i); } \
extern "C" int cusolverDn##X##EV##_bufferSize(H h, int j, int u, int n, const T* a, int lda, const Re<T>::R* w, int* l) { *l = n * n; return j == 1 && !u ? 0 : 3; } \
extern "C" int cusolverDn##X##EV(H h, int j, int u, int n, T* a, int lda, Re<T>::R* w, T* v, int l, int* i) { return syevd<T>(h, j, u, n, a, lda, w, v, l, i); } \
extern "C" int cusolverDn##X##gesvd_bufferSize(H h, int m, int n, int* l) { *l = 5; return m < n ? 3 : 0; } \
extern "C" int cusolverDn##X##gesvd(H h, signed char ju, signed char jv, int m, int n, T* a, int lda, Re<T>::R* s, T* u, int ldu, T* vt, int ldvt, T* w, int l, Re<T>::R* r, int* i) { return gesvd<T>(h, ju, jv, m, n, a, lda, s, u, ldu, vt, ldvt, w, l, r, i); }
SOLVER(float, S, syevd) SOLVER(double, D, syevd) SOLVER(C, C, heevd) SOLVER(Z, Z, heevd)

// cuSPARSE
struct Csr { L rows, cols, nnz; const int *start, *index; const void* values; int type; };
struct Dense { L rows, cols, ld; void* values; int type, order; };
extern "C" {
int cusparseCreateCsr(Csr** d, L rows, L cols, L nnz, void* s, void* i, void* v, int ts, int ti, int base, int type) {
  if (ts != 2 || ti != 2 || base || ((int*)s)[rows] != nnz) return 3;
  *d = new Csr{rows, cols, nnz, (int*)s, (int*)i, v, type};
  return 0;
}
int cusparseDestroySpMat(Csr* d) { delete d; return 0; }
int cusparseCreateDnVec(Dense** d, L n, void* v, int type) { *d = new Dense{n, 1, n, v, type, 1}; return 0; }
int cusparseDestroyDnVec(Dense* d) { delete d; return 0; }
int cusparseCreateDnMat(Dense** d, L rows, L cols, L ld, void* v, int type, int order) {
  if (ld < (order == 1 ? rows : cols)) return 3;
  *d = new Dense{rows, cols, ld, v, type, order};
  return 0;
}
int cusparseDestroyDnMat(Dense* d) { delete d; return 0; }
}
template <class T> int spmm(const void* alpha, const Csr* a, const Dense* x, const void* beta, Dense* y) {
  auto entry = [](const Dense* d, L i, L j) -> T& { return ((T*)d->values)[d->order == 1 ? i + j * d->ld : i * d->ld + j]; };
  for (L i = 0; i < a->rows; i++)
    for (L c = 0; c < x->cols; c++) {
      T s = 0;
      for (int k = a->start[i]; k < a->start[i + 1]; k++) s += ((const T*)a->values)[k] * entry(x, a->index[k], c);
      T& to = entry(y, i, c);
      to = *(const T*)beta == T(0) ? *(const T*)alpha * s : *(const T*)alpha * s + *(const T*)beta * to;
    }
  return 0;
}
static int sparse_product(H h, int oa, int ob, const void* al, const Csr* a, const Dense* x, const void* be, Dense* y, int type, int algo) {
  if (!handle(h) || oa || ob || algo || a->type != type || x->type != type || y->type != type || a->cols != x->rows || a->rows != y->rows || x->cols != y->cols) return 3;
  return type == 0 ? spmm<float>(al, a, x, be, y) : type == 1 ? spmm<double>(al, a, x, be, y) : type == 4 ? spmm<C>(al, a, x, be, y) : spmm<Z>(al, a, x, be, y);
}
extern "C" {
int cusparseSpMV_bufferSize(H h, int o, const void* al, Csr* a, Dense* x, const void* be, Dense* y, int t, int g, size_t* n) { *n = 13; return 0; }
int cusparseSpMV(H h, int o, const void* al, Csr* a, Dense* x, const void* be, Dense* y, int t, int g, void* b) {
  if (!b) return 3;
  ((char*)b)[12] = 0;
  return sparse_product(h, o, 0, al, a, x, be, y, t, g);
}
int cusparseSpMM_bufferSize(H h, int o, int p, const void* al, Csr* a, Dense* x, const void* be, Dense* y, int t, int g, size_t* n) { *n = 0; return 0; }
int cusparseSpMM(H h, int o, int p, const void* al, Csr* a, Dense* x, const void* be, Dense* y, int t, int g, void* b) { return sparse_product(h, o, p, al, a, x, be, y, t, g); }
}
// cuFFT: transforms by their definition
struct Plan { std::vector<L> n; int type; L batch; bool stream; };
static std::map<int, Plan>& plans() { static std::map<int, Plan> p; return p; }
extern "C" {
int cufftCreate(int* p) { static int next = 1; *p = next++; plans()[*p] = Plan{}; return 0; }
int cufftDestroy(int p) { return plans().erase(p) ? 0 : 1; }
int cufftSetStream(int p, H s) { plans()[p].stream = s; return s ? 0 : 4; }
int cufftMakePlanMany64(int p, int rank, L* n, L* in, L, L, L* out, L, L, int type, L batch, size_t* bytes) {
  if (!plans().count(p) || rank < 1 || rank > 3 || in || out || batch < 1) return 4;
  plans()[p] = Plan{std::vector<L>(n, n + rank), type, batch, false};
  *bytes = 0;
  return 0;
}
}
// all of the spectrum, in double
static std::vector<Z> dft(const std::vector<L>& n, std::vector<Z> x, int sign) {
  L stride = 1, total = x.size();
  for (int d = (int)n.size() - 1; d >= 0; d--) {
    std::vector<Z> y(total);
    for (L i = 0; i < total; i++) {
      const L k = i / stride % n[d], base = i - k * stride;
      Z s = 0;
      for (L j = 0; j < n[d]; j++) s += x[base + j * stride] * std::polar(1.0, sign * 2 * M_PI * double(j * k % n[d]) / double(n[d]));
      y[i] = s;
    }
    x = y;
    stride *= n[d];
  }
  return x;
}
template <class X, class Y> int fourier(int p, int type, const X* x, Y* y, int sign) {
  auto found = plans().find(p);
  if (found == plans().end() || found->second.type != type || !found->second.stream) return 1;
  const Plan& plan = found->second;
  L total = 1;
  for (L n : plan.n) total *= n;
  const L last = plan.n.back(), half = last / 2 + 1, lines = total / last;
  const bool r2c = type == 42 || type == 106, c2r = type == 44 || type == 108;
  for (L b = 0; b < plan.batch; b++) {
    std::vector<Z> full(total);
    if (c2r) {
      for (L i = 0; i < total; i++) {
        const L k = i % last;
        if (k < half) { full[i] = Z(x[b * lines * half + i / last * half + k]); continue; }
        // conj of the point at minus the indices
        L at = 0, stride = 1, rest = i / last, line = 0;
        for (int d = (int)plan.n.size() - 2; d >= 0; d--) { L j = rest % plan.n[d]; rest /= plan.n[d]; line += (plan.n[d] - j) % plan.n[d] * stride; stride *= plan.n[d]; }
        at = b * lines * half + line * half + (last - k);
        full[i] = std::conj(Z(x[at]));
      }
    } else for (L i = 0; i < total; i++) full[i] = Z(x[b * total + i]);
    full = dft(plan.n, full, sign);
    if constexpr (std::is_floating_point_v<Y>) for (L i = 0; i < total; i++) y[b * total + i] = full[i].real();
    else if (r2c) for (L i = 0; i < lines * half; i++) y[b * lines * half + i] = Y(full[i / half * last + i % half]);
    else for (L i = 0; i < total; i++) y[b * total + i] = Y(full[i]);
  }
  return 0;
}
extern "C" {
int cufftExecR2C(int p, float* x, C* y) { return fourier(p, 42, x, y, -1); }
int cufftExecD2Z(int p, double* x, Z* y) { return fourier(p, 106, x, y, -1); }
int cufftExecC2R(int p, C* x, float* y) { int r = fourier(p, 44, x, y, 1); x[0] = C(NAN, NAN); return r; }
int cufftExecZ2D(int p, Z* x, double* y) { int r = fourier(p, 108, x, y, 1); x[0] = Z(NAN, NAN); return r; }
int cufftExecC2C(int p, C* x, C* y, int s) { return fourier(p, 41, x, y, s); }
int cufftExecZ2Z(int p, Z* x, Z* y, int s) { return fourier(p, 105, x, y, s); }
}
