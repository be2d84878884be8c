// One operator of a static type per team of threads: y = f(A) x, log|det A| or x^T f(A) x, for a batch of A and x.
//
// A team is one thread, one warp or one block. The same text serves all three: numbers lie in `pool`, which is the registers of a
// thread (every loop is unrolled, so every index is a constant) or shared memory. `EACH` deals indices out to the threads of the
// team, `ALL` and `STEPS` are done by every thread, `t.sync()` is the team's barrier and nothing for a thread.
//
// A node is a struct with
//   R, ROWS, COLS    number type and shape of f(A)
//   PARAMS           numbers it reads, in the order of the tree's leaves
//   STATE            numbers it keeps after `prepare`
//   PREP             numbers of scratch that `prepare` needs
//   Work<O, I>       numbers of scratch that `act` needs
//   prepare          reads the parameters, factors
//   act<ADJ, O, I>   y = op(f(A)) x on the middle index of x[O][COLS][I]; op is the transpose for ADJ
//   slog             sign and log|det A|
// Both end with a barrier: what they wrote may be read. Which node serves which function of which type is decided in Rust
// (src/fuse/lower.rs); this file knows arithmetic only. No `#include`, so that NVRTC needs no headers.
#define FN __device__ __forceinline__
#define STEPS(i, n) _Pragma("unroll (T::STEP)") for (int i = 0; i < (n); i++)
#define ALL(i, n) _Pragma("unroll (T::INNER)") for (int i = 0; i < (n); i++)
#define EACH(i, n) _Pragma("unroll (T::STEP)") for (int i = t.lane(); i < (n); i += T::W)
#ifndef DYN_SHARED
#define DYN_SHARED(name) extern __shared__ __align__(16) unsigned char name[]
#endif

namespace cola {
template <class R> FN R eps() { return sizeof(R) == 8 ? R(2.220446049250313e-16) : R(1.1920929e-7f); }
template <class R> FN bool finite(R x) { return x - x == R(0); }
template <class R> FN R larger(R a, R b) { return a < b ? b : a; }
FN constexpr int most(int a, int b) { return a < b ? b : a; }

// Teams
struct Thread {
  enum { W = 1, STEP = 65536, INNER = 65536 };
  FN int lane() const { return 0; }
  FN void sync() const {}
  FN bool any(bool b) const { return b; }
  template <class R> FN R sum(R v) const { return v; }
  template <class R> FN R max(R v) const { return v; }
  FN int min(int v) const { return v; }
};
struct Warp {
  enum { W = 32, STEP = 1, INNER = 4 };
  FN int lane() const { return threadIdx.x; }
  FN void sync() const { __syncwarp(); }
  FN bool any(bool b) const { return __ballot_sync(0xffffffffu, b) != 0; }
  template <class R> FN R sum(R v) const {
    for (int d = 16; d; d >>= 1) v += __shfl_xor_sync(0xffffffffu, v, d);
    return v;
  }
  template <class R> FN R max(R v) const {
    for (int d = 16; d; d >>= 1) v = larger(v, __shfl_xor_sync(0xffffffffu, v, d));
    return v;
  }
  FN int min(int v) const {
    for (int d = 16; d; d >>= 1) { int o = __shfl_xor_sync(0xffffffffu, v, d); v = o < v ? o : v; }
    return v;
  }
};
// `cells` holds one double per warp, in shared memory.
template <int THREADS> struct Block {
  enum { W = THREADS, STEP = 1, INNER = 4, WARPS = THREADS / 32 };
  double* cells;
  FN int lane() const { return threadIdx.x; }
  FN void sync() const { __syncthreads(); }
  FN bool any(bool b) const { return __syncthreads_or(b) != 0; }
  template <class V, class G> FN V all(V v, G g) const {
    if (lane() % 32 == 0) cells[lane() / 32] = v;
    sync();
    V r = V(cells[0]);
    for (int i = 1; i < WARPS; i++) r = g(r, V(cells[i]));
    sync();
    return r;
  }
  template <class R> FN R sum(R v) const { return all(Warp().sum(v), [](R a, R b) { return a + b; }); }
  template <class R> FN R max(R v) const { return all(Warp().max(v), [](R a, R b) { return larger(a, b); }); }
  FN int min(int v) const { return all(Warp().min(v), [](int a, int b) { return a < b ? a : b; }); }
};

// Numbers of one element: contiguous, or one of each structure of arrays.
template <class R> struct In {
  const R* at;
  long long step;
  FN R operator[](int i) const { return at[i * step]; }
  FN In after(int i) const { return In{at + i * step, step}; }
};

// What can go wrong; the first of a thread is kept. The numbers are those of src/fuse/fault.rs.
enum { FINE = 0, NOT_POSITIVE = 1, SINGULAR = 2, NEGATIVE = 3, NON_FINITE = 4, NOT_CONVERGED = 5, NOT_POSITIVE_DET = 6 };
struct Record { long long element; int code, index; double value, tol; };
template <class T_, class R> struct Context {
  typedef T_ T;
  T t;
  R exponent;      // of Pow
  bool integer;    // it is an integer
  int code, index;
  R value, tol;
  FN void raise(int c, int i, R v, R to = R(0)) {
    if (code == FINE) { code = c; index = i; value = v; tol = to; }
  }
};

// Functions of a number. `bad` is the test of an argument; `tol` is what counts as rounding.
struct Id {
  template <class C, class R> static FN void test(C&, R, int, R) {}
  template <class C, class R> static FN R of(const C&, R x) { return x; }
};
struct Det : Id {};
struct Inv {
  template <class C, class R> static FN void test(C& c, R x, int i, R tol) { if (!(fabs(x) > tol)) c.raise(SINGULAR, i, x); }
  template <class C, class R> static FN R of(const C&, R x) { return 1 / (x == 0 ? R(1) : x); }
};
struct Sqrt {
  template <class C, class R> static FN void test(C& c, R x, int i, R tol) { if (x < -tol) c.raise(NEGATIVE, i, x, tol); }
  template <class C, class R> static FN R of(const C&, R x) { return sqrt(x > 0 ? x : R(0)); }
};
struct Isqrt {
  template <class C, class R> static FN void test(C& c, R x, int i, R tol) { Sqrt::test(c, x, i, tol); Inv::test(c, x, i, tol); }
  template <class C, class R> static FN R of(const C&, R x) { return 1 / sqrt(x > 0 ? x : R(1)); }
};
struct Pow {
  template <class C, class R> static FN void test(C& c, R x, int i, R tol) {
    if (!c.integer) Sqrt::test(c, x, i, tol);
    if (c.exponent < 0) Inv::test(c, x, i, tol);
  }
  template <class C, class R> static FN R of(const C& c, R x) {
    if (!c.integer && x < 0) x = 0;
    return pow(c.exponent < 0 && x == 0 ? R(1) : x, c.exponent);
  }
};
struct Exp : Id {
  template <class C, class R> static FN R of(const C&, R x) { return exp(x); }
};
// f of a stored number: an entry of a diagonal or a factor, exact.
template <class G, class C, class R> FN R entry(C& c, R x, int i) {
  if (!finite(x)) { c.raise(NON_FINITE, i, x); return R(1); }
  G::test(c, x, i, R(0));
  R y = G::of(c, x);
  if (!finite(y)) { c.raise(NON_FINITE, i, x); return R(1); }
  return y;
}
template <class R> FN void slog_times(R x, R& sign, R& log_) {
  sign = x == 0 ? R(0) : x < 0 ? -sign : sign;
  log_ += log(fabs(x));
}
template <class R> FN R times(int n, R x) { return n == 0 ? R(0) : R(n) * x; }
template <class R> FN R sign_power(R s, int n) { return n == 0 ? R(1) : n % 2 ? s : s * s; }

// Leaves
template <class R_, int M, int N> struct Mat {
  typedef R_ R;
  enum { ROWS = M, COLS = N, PARAMS = M * N, STATE = M * N, PREP = 0 };
  template <int O, int I> struct Work { enum { SIZE = 0 }; };
  template <class C> static FN void prepare(C& c, In<R> p, R* s, R*) {
    typedef typename C::T T; T t = c.t;
    EACH(i, M * N) s[i] = p[i];
    t.sync();
  }
  template <bool ADJ, int O, int I, class T> static FN void act(T t, const R* s, const R* x, R* y, R*) {
    constexpr int m = ADJ ? N : M, n = ADJ ? M : N;
    EACH(e, O * m * I) {
      const int o = e / (m * I), r = e / I % m, i = e % I;
      R a = 0;
      ALL(k, n) a = fma(ADJ ? s[k + M * r] : s[r + M * k], x[(o * n + k) * I + i], a);
      y[e] = a;
    }
    t.sync();
  }
};
template <class R_, int N, class G> struct Diag {
  typedef R_ R;
  enum { ROWS = N, COLS = N, PARAMS = N, STATE = N, PREP = 0 };
  template <int O, int I> struct Work { enum { SIZE = 0 }; };
  template <class C> static FN void prepare(C& c, In<R> p, R* s, R*) {
    typedef typename C::T T; T t = c.t;
    EACH(i, N) s[i] = entry<G>(c, p[i], i);
    t.sync();
  }
  template <bool ADJ, int O, int I, class T> static FN void act(T t, const R* s, const R* x, R* y, R*) {
    EACH(e, O * N * I) y[e] = s[e / I % N] * x[e];
    t.sync();
  }
  template <class T> static FN void slog(T, const R* s, R& sign, R& log_) { ALL(i, N) slog_times(s[i], sign, log_); }
};
// c I; the identity itself has no parameter: c = f(1).
template <class R_, int N, class G, int GIVEN> struct Scalar {
  typedef R_ R;
  enum { ROWS = N, COLS = N, PARAMS = GIVEN, STATE = 1, PREP = 0 };
  template <int O, int I> struct Work { enum { SIZE = 0 }; };
  template <class C> static FN void prepare(C& c, In<R> p, R* s, R*) {
    typename C::T t = c.t;
    R v = entry<G>(c, GIVEN ? p[0] : R(1), 0);
    if (t.lane() == 0) s[0] = v;
    t.sync();
  }
  template <bool ADJ, int O, int I, class T> static FN void act(T t, const R* s, const R* x, R* y, R*) {
    EACH(e, O * N * I) y[e] = s[0] * x[e];
    t.sync();
  }
  template <class T> static FN void slog(T, const R* s, R& sign, R& log_) {
    R a = 1, l = 0;
    slog_times(s[0], a, l);
    sign *= sign_power(a, N);
    log_ += times(N, l);
  }
};
template <class R_, int N, bool LOWER> struct TriMat {
  typedef R_ R;
  enum { ROWS = N, COLS = N, PARAMS = N * N, STATE = N * N, PREP = 0 };
  template <int O, int I> struct Work { enum { SIZE = 0 }; };
  template <class C> static FN void prepare(C& c, In<R> p, R* s, R*) {
    typedef typename C::T T; T t = c.t;
    EACH(i, N * N) s[i] = (LOWER ? i % N >= i / N : i % N <= i / N) ? p[i] : R(0);
    t.sync();
  }
  template <bool ADJ, int O, int I, class T> static FN void act(T t, const R* s, const R* x, R* y, R* w) {
    Mat<R, N, N>::template act<ADJ, O, I>(t, s, x, y, w);
  }
  template <class T> static FN void slog(T, const R* s, R& sign, R& log_) { ALL(i, N) slog_times(s[i + N * i], sign, log_); }
};
// Substitution with a triangle of a; the columns of x[O][N][I] side by side. UNIT: ones on the diagonal; TR: with its transpose.
template <bool LOWER, bool UNIT, bool TR, int N, int O, int I, class T, class R> FN void substitute(T t, const R* a, R* y) {
  STEPS(q, N) {
    const int j = LOWER != TR ? q : N - 1 - q;
    if (!UNIT) {
      EACH(e, O * I) y[(e / I * N + j) * I + e % I] /= a[j + N * j];
      t.sync();
    }
    EACH(e, O * N * I) {
      const int r = e / I % N;
      if (LOWER != TR ? r > j : r < j) y[e] = fma(-(TR ? a[j + N * r] : a[r + N * j]), y[(e / (N * I) * N + j) * I + e % I], y[e]);
    }
    t.sync();
  }
}
template <class R_, int N, bool LOWER> struct TriInv {
  typedef R_ R;
  enum { ROWS = N, COLS = N, PARAMS = N * N, STATE = N * N, PREP = 0 };
  template <int O, int I> struct Work { enum { SIZE = 0 }; };
  template <class C> static FN void prepare(C& c, In<R> p, R* s, R* w) {
    typedef typename C::T T; T t = c.t;
    TriMat<R, N, LOWER>::prepare(c, p, s, w);
    EACH(i, N) {
      R d = s[i + N * i];
      if (!(fabs(d) > 0) || !finite(d)) { c.raise(finite(d) ? SINGULAR : NON_FINITE, i, d); s[i + N * i] = 1; }
    }
    t.sync();
  }
  template <bool ADJ, int O, int I, class T> static FN void act(T t, const R* s, const R* x, R* y, R*) {
    EACH(e, O * N * I) y[e] = x[e];
    t.sync();
    substitute<LOWER, false, ADJ, N, O, I>(t, s, y);
  }
};

// Factorisations of a square matrix that lies in `m`, column-major.
//
// A = L D L^T without pivots, for positive definite A; a pivot is bad when it is no larger than n eps times its diagonal entry,
// as on the host. (Golub & Van Loan, Matrix Computations, 4th ed., 4.1.2; by rank-one updates.)
template <class R_, int N_> struct Ldl {
  typedef R_ R;
  enum { N = N_, STATE = N * N + N, PREP = 0, COPY = 0 };
  template <int O, int I> struct Work { enum { SIZE = 0 }; };
  static FN constexpr int at(int e) { return e; }
  template <class T> static FN void spread(T, R*) {}
  template <class C> static FN void factor(C& c, R* a, R*, R*) {
    typedef typename C::T T; T t = c.t;
    R* d = a + N * N;
    EACH(i, N) d[i] = a[i + N * i];
    t.sync();
    STEPS(j, N) {
      const R p = a[j + N * j];
      const bool good = N * eps<R>() * d[j] < p;
      if (!good) c.raise(finite(p) ? NOT_POSITIVE : NON_FINITE, j, p);
      const R inverse = 1 / (good ? p : R(1));
      EACH(e, N * N) {
        const int i = e % N, k = e / N;
        if (k > j && i >= k) a[e] = fma(-(a[i + N * j] * inverse), a[k + N * j], a[e]);
      }
      t.sync();
      EACH(i, N) {
        if (i > j) a[i + N * j] *= inverse;
        if (i == j) d[i] = good ? p : R(1);
      }
    }
    t.sync();
  }
  template <bool ADJ, int O, int I, class T> static FN void act(T t, const R* a, const R* x, R* y, R*) {
    EACH(e, O * N * I) y[e] = x[e];
    t.sync();
    substitute<true, true, false, N, O, I>(t, a, y);
    EACH(e, O * N * I) y[e] /= a[N * N + e / I % N];
    t.sync();
    substitute<true, true, true, N, O, I>(t, a, y);
  }
  template <class T> static FN void slog(T, const R* a, R& sign, R& log_) { ALL(i, N) slog_times(a[N * N + i], sign, log_); }
};
// P A = L U with partial pivoting; `perm[i]` is the row of A that is row i of P A, as a number. A pivot is bad when it is no larger
// than n eps times the sum of magnitudes it came out of, as on the host. G = Det: a singular matrix is no failure.
template <class R_, int N_, class G> struct Lu {
  typedef R_ R;
  enum { N = N_, STATE = N * N + N + 1, PREP = 0, COPY = 0 };
  template <int O, int I> struct Work { enum { SIZE = O * N * I }; };
  static FN constexpr int at(int e) { return e; }
  template <class T> static FN void spread(T, R*) {}
  template <class C> static FN void exchange(C& c, R* a, R* perm, R* sign, int j, R& best) {
    typedef typename C::T T; T t = c.t;
    best = fabs(a[j + N * j]);
    if constexpr (T::W == 1) { // a bubble in place of a search: every index stays a constant
      ALL(i, N) if (i > j) {
        const R here = fabs(a[i + N * j]);
        const bool swap = best < here;
        best = swap ? here : best;
        ALL(k, N) { R u = a[j + N * k], v = a[i + N * k]; a[j + N * k] = swap ? v : u; a[i + N * k] = swap ? u : v; }
        R u = perm[j], v = perm[i];
        perm[j] = swap ? v : u;
        perm[i] = swap ? u : v;
        *sign = swap ? -*sign : *sign;
      }
    } else {
      int q = j;
      for (int i = j + 1; i < N; i++) if (best < fabs(a[i + N * j])) { best = fabs(a[i + N * j]); q = i; }
      t.sync();
      if (q != j) {
        EACH(k, N + 1) { R* u = k < N ? &a[j + N * k] : &perm[j]; R* v = k < N ? &a[q + N * k] : &perm[q]; R z = *u; *u = *v; *v = z; }
        if (t.lane() == 0) *sign = -*sign;
      }
      t.sync();
    }
  }
  template <class C> static FN void factor(C& c, R* a, R*, R*) {
    typedef typename C::T T; T t = c.t;
    R *perm = a + N * N, *sign = perm + N;
    EACH(i, N) perm[i] = R(i);
    if (t.lane() == 0) *sign = 1;
    t.sync();
    STEPS(j, N) {
      R best;
      exchange(c, a, perm, sign, j, best);
      R sum = best;
      ALL(k, N) if (k < j) sum = fma(fabs(a[j + N * k]), fabs(a[k + N * j]), sum);
      const bool good = sum * (most(N, 6) * eps<R>()) < best && finite(best);
      if (!finite(best)) c.raise(NON_FINITE, j, best);
      else if (!good && !SAME<G, Det>::VALUE) c.raise(SINGULAR, j, best);
      const R inverse = 1 / (good ? a[j + N * j] : R(1));
      t.sync();
      EACH(i, N) {
        if (i > j) a[i + N * j] *= inverse;
        if (i == j && !good) a[i + N * j] = SAME<G, Det>::VALUE ? R(0) : R(1);
      }
      t.sync();
      EACH(e, N * N) {
        const int i = e % N, k = e / N;
        if (i > j && k > j) a[e] = fma(-a[i + N * j], a[j + N * k], a[e]);
      }
      t.sync();
    }
  }
  template <class A, class B> struct SAME { enum { VALUE = 0 }; };
  template <class A> struct SAME<A, A> { enum { VALUE = 1 }; };
  template <bool ADJ, int O, int I, class T> static FN void act(T t, const R* a, const R* x, R* y, R* w) {
    const R* perm = a + N * N;
    if constexpr (!ADJ) {
      EACH(e, O * N * I) y[e] = row(t, perm, x, e / (N * I) * N, e / I % N, I, e % I);
      t.sync();
      substitute<true, true, false, N, O, I>(t, a, y);
      substitute<false, false, false, N, O, I>(t, a, y);
    } else {
      EACH(e, O * N * I) w[e] = x[e];
      t.sync();
      substitute<false, false, true, N, O, I>(t, a, w);
      substitute<true, true, true, N, O, I>(t, a, w);
      if constexpr (T::W == 1) {
        EACH(e, O * N * I) {
          R v = 0;
          ALL(k, N) v = perm[k] == R(e / I % N) ? w[(e / (N * I) * N + k) * I + e % I] : v;
          y[e] = v;
        }
      } else {
        EACH(e, O * N * I) y[(e / (N * I) * N + int(perm[e / I % N])) * I + e % I] = w[e];
      }
      t.sync();
    }
  }
  // Row perm[r] of x: a gather, or selects where the index must stay a constant.
  template <class T> static FN R row(T, const R* perm, const R* x, int first, int r, int stride, int i) {
    if constexpr (T::W > 1) return x[(first + int(perm[r])) * stride + i];
    R v = 0;
    ALL(k, N) v = perm[r] == R(k) ? x[(first + k) * stride + i] : v;
    return v;
  }
  template <class T> static FN void slog(T, const R* a, R& sign, R& log_) {
    sign *= a[N * N + N];
    ALL(i, N) slog_times(a[i + N * i], sign, log_);
  }
};
// A = V diag(w) V^T for symmetric A (its lower triangle is read); keeps V and f(w): Householder's reflections to a tridiagonal matrix, then
// QL iterations with implicit shifts (Golub & Van Loan, 8.3; Dubrulle, Martin & Wilkinson, Numer. Math. 12, 1968). The matrix is scaled by a
// power of two first. In a team every thread goes through the recurrences by itself and turns its own rows of V.
//
// Columns lie LD numbers apart, an odd number, so that a row meets all banks of shared memory.
template <class R_, int N_, class G> struct Eigh {
  typedef R_ R;
  enum { N = N_, LD = N | 1, STATE = LD * N + N, PREP = 4 * N, COPY = LD * N, SWEEPS = 40 };
  template <int O, int I> struct Work { enum { SIZE = O * N * I }; };
  static FN constexpr int at(int m) { return m % N + LD * (m / N); }
  // N x N numbers without gaps to their places, the last column first.
  template <class T> static FN void spread(T t, R* a) {
    if constexpr (LD != N) STEPS(q, N - 1) {
      const int j = N - 1 - q;
      STEPS(part, (N + T::W - 1) / T::W) {
        const int i = ((N + T::W - 1) / T::W - 1 - part) * T::W + t.lane();
        if constexpr (T::W == 1) { a[i + LD * j] = a[i + N * j]; continue; }
        const R v = i < N ? a[i + N * j] : R(0);
        t.sync();
        if (i < N) a[i + LD * j] = v;
        t.sync();
      }
    }
  }
  template <class C> static FN void factor(C& c, R* a, R* v, R* work) {
    typedef typename C::T T; T t = c.t;
    R *w = v + LD * N, *d = work, *e = d + N;
    R top = 0;
    EACH(m, N * N) if (m % N >= m / N) top = larger(top, fabs(a[at(m)]));
    top = t.max(top);
    const bool good = !t.any(c.code != FINE || !finite(top));
    int power = good && top > 0 ? ilogb(top) : 0;
    power = power < -1000 ? -1000 : power > 1000 ? 1000 : power;
    power = sizeof(R) == 4 && power < -120 ? -120 : power;
    const R down = scalbn(R(1), -power);
    EACH(m, N * N) a[at(m)] *= down;
    t.sync();
    if constexpr (N == 1) {
      EACH(i, 1) { d[i] = a[i]; v[i] = 1; }
    } else if constexpr (N == 2) {
      EACH(i, 1) once(a, v, d);
    } else {
      tridiagonal(t, a, v, d, e, e + N, e + 2 * N);
      if (good) ql(c, v, d, e);
    }
    t.sync();
    R largest = 0;
    ALL(i, N) largest = larger(largest, fabs(d[i]));
    const R up = scalbn(R(1), power), tol = largest * up * (N * eps<R>());
    EACH(i, N) {
      const R l = d[i] * up;
      if (!finite(l)) c.raise(NON_FINITE, i, l);
      G::test(c, l, i, tol);
      w[i] = G::of(c, l);
    }
    t.sync();
  }
  // Of 2 x 2 one rotation, with the tangent z.
  static FN void once(const R* a, R* v, R* d) {
    const R p = a[0], q = a[1 + LD], g = a[1];
    const bool small = fabs(g) <= R(0.25) * eps<R>() * larger(fabs(p), fabs(q));
    const R tau = (q - p) / (2 * (small ? R(1) : g));
    const R t = (tau < 0 ? R(-1) : R(1)) / (fabs(tau) + sqrt(fma(tau, tau, R(1))));
    const R z = small ? R(0) : t, cs = 1 / sqrt(fma(z, z, R(1))), sn = z * cs;
    d[0] = fma(-z, g, p);
    d[1] = fma(z, g, q);
    v[0] = v[1 + LD] = cs;
    v[LD] = sn;
    v[1] = -sn;
  }
  // Component i of the reflection that cleared column k, which lies under the diagonal; its first component is 1.
  static FN R direction(const R* a, int i, int k) { return i == k + 1 ? R(1) : a[i + LD * k]; }
  // d and e <- V^T A V.
  template <class T> static FN void tridiagonal(T t, R* a, R* v, R* d, R* e, R* tau, R* p) {
    STEPS(k, N - 2) {
      R rest = 0;
      ALL(i, N) if (i > k + 1) rest = fma(a[i + LD * k], a[i + LD * k], rest);
      const R alpha = a[k + 1 + LD * k], norm = sqrt(fma(alpha, alpha, rest));
      const bool turn = rest > 0;
      const R beta = turn ? (alpha < 0 ? norm : -norm) : alpha, down = turn ? 1 / (alpha - beta) : R(0);
      const R scale = turn ? (beta - alpha) / beta : R(0);
      t.sync();
      EACH(i, N) {
        if (i > k + 1) a[i + LD * k] *= down;
        if (i == k) { d[i] = a[i + LD * i]; e[i] = beta; tau[i] = scale; }
      }
      t.sync();
      // A <- A - u q^T - q u^T for the direction u, p = tau A u and q = p - tau / 2 (u^T p) u
      EACH(i, N) if (i > k) {
        R sum = 0;
        ALL(j, N) if (j > k) sum = fma(i >= j ? a[i + LD * j] : a[j + LD * i], direction(a, j, k), sum);
        p[i] = scale * sum;
      }
      t.sync();
      R up = 0;
      ALL(i, N) if (i > k) up = fma(p[i], direction(a, i, k), up);
      const R half = R(-0.5) * scale * up;
      EACH(m, N * N) {
        const int i = m % N, j = m / N;
        if (j > k && i >= j) {
          const R ui = direction(a, i, k), uj = direction(a, j, k), qi = fma(half, ui, p[i]), qj = fma(half, uj, p[j]);
          a[at(m)] = fma(-ui, qj, fma(-qi, uj, a[at(m)]));
        }
      }
      t.sync();
    }
    EACH(i, N) {
      if (i >= N - 2) { d[i] = a[i + LD * i]; e[i] = i == N - 2 ? a[N - 1 + LD * (N - 2)] : R(0); }
      v[i] = v[LD * i] = R(i == 0);
      if (i == N - 1) v[i + LD * i] = 1;
    }
    t.sync();
    // the product of the reflections, the last one first, each thread its columns
    STEPS(q, N - 2) {
      const int k = N - 3 - q;
      const R scale = tau[k];
      EACH(j, N) {
        if (j > k + 1) {
          R sum = 0;
          ALL(i, N) if (i > k + 1) sum = fma(a[i + LD * k], v[i + LD * j], sum);
          sum *= -scale;
          v[k + 1 + LD * j] = sum;
          ALL(i, N) if (i > k + 1) v[i + LD * j] = fma(sum, a[i + LD * k], v[i + LD * j]);
        }
        if (j == k + 1) {
          v[j + LD * j] = 1 - scale;
          ALL(i, N) if (i > k + 1) v[i + LD * j] = -scale * a[i + LD * k];
        }
      }
    }
    t.sync();
  }
  template <class C> static FN void ql(C& c, R* v, R* d, R* e) {
    typedef typename C::T T; T t = c.t;
    STEPS(l, N - 1) {
#pragma unroll 1
      for (int sweep = 0;; sweep++) {
        int m = N - 1; // the block from l to m has no small off-diagonal number
        R last = d[N - 1];
        EACH(q, N - 1) {
          const int i = N - 2 - q;
          if (i >= l && fabs(e[i]) <= eps<R>() * (fabs(d[i]) + fabs(d[i + 1]))) { m = i; last = d[i]; }
        }
        m = t.min(m);
        if (m == l) break;
        if (sweep == SWEEPS) { c.raise(NOT_CONVERGED, SWEEPS, R(0)); break; }
        if (T::W > 1) last = d[m];
        // the shift is an eigenvalue of the leading 2 x 2 block
        R g = (d[l + 1] - d[l]) / (2 * e[l]);
        const R root = sqrt(fma(g, g, R(1)));
        g = last - d[l] + e[l] / (g < 0 ? g - root : g + root);
        R sn = 1, cs = 1, p = 0;
        bool on = true;
        // one thread goes over all places, so that every index is a constant
        STEPS(q, T::W == 1 ? N - 1 : m - l) {
          const int i = (T::W == 1 ? N - 2 : m - 1) - q;
          if (i >= l && i < m && on) {
            const R f = sn * e[i], b = cs * e[i], h = fma(f, f, g * g), up = d[i + 1];
            on = h > 0; // else the block splits here
            const R inverse = rsqrt(on ? h : R(1));
            sn = f * inverse;
            cs = g * inverse;
            g = up - p;
            const R r = fma(d[i] - g, sn, 2 * cs * b);
            p = on ? sn * r : R(0);
            t.sync();
            if (t.lane() == 0) { e[i + 1] = h * inverse; d[i + 1] = g + p; }
            g = fma(cs, r, -b);
            if (on) EACH(k, N) {
              const R x = v[k + LD * i], y = v[k + LD * (i + 1)];
              v[k + LD * (i + 1)] = fma(sn, x, cs * y);
              v[k + LD * i] = fma(cs, x, -(sn * y));
            }
          }
        }
        t.sync();
        if (t.lane() == 0) {
          if (on) { d[l] -= p; e[l] = g; }
          // a selection, as a store to e[m] would put all numbers into memory
          if constexpr (T::W == 1) { ALL(i, N) e[i] = i == m ? R(0) : e[i]; } else e[m] = 0;
        }
        t.sync();
      }
    }
  }
  template <bool ADJ, int O, int I, class T> static FN void act(T t, const R* v, const R* x, R* y, R* w) {
    EACH(e, O * N * I) {
      const int o = e / (N * I), j = e / I % N, i = e % I;
      R z = 0;
      ALL(k, N) z = fma(v[k + LD * j], x[(o * N + k) * I + i], z);
      w[e] = z * v[LD * N + j];
    }
    t.sync();
    EACH(e, O * N * I) {
      const int o = e / (N * I), r = e / I % N, i = e % I;
      R z = 0;
      ALL(k, N) z = fma(v[r + LD * k], w[(o * N + k) * I + i], z);
      y[e] = z;
    }
    t.sync();
  }
};
// A function of a stored matrix by the factorisation F.
template <class F> struct OfMat {
  typedef typename F::R R;
  enum { N = F::N, ROWS = N, COLS = N, PARAMS = N * N, STATE = F::STATE, PREP = F::COPY + F::PREP };
  template <int O, int I> struct Work { enum { SIZE = F::template Work<O, I>::SIZE }; };
  template <class C> static FN void prepare(C& c, In<R> p, R* s, R* w) {
    typedef typename C::T T; T t = c.t;
    R* m = F::COPY ? w : s;
    EACH(i, N * N) {
      const R x = m[F::at(i)] = p[i];
      if (!finite(x)) c.raise(NON_FINITE, i % N, x);
    }
    t.sync();
    F::factor(c, m, s, w + F::COPY);
  }
  template <bool ADJ, int O, int I, class T> static FN void act(T t, const R* s, const R* x, R* y, R* w) {
    F::template act<ADJ, O, I>(t, s, x, y, w);
  }
  template <class T> static FN void slog(T t, const R* s, R& sign, R& log_) { F::slog(t, s, sign, log_); }
};
// A function of a composite without a rule: A is formed by application to the identity.
template <class A, class F> struct Formed {
  typedef typename F::R R;
  enum { N = F::N, ROWS = N, COLS = N, PARAMS = A::PARAMS, STATE = F::STATE, OUT = F::COPY };
  enum { APPLY = N * N + A::template Work<1, N>::SIZE, PREP = OUT + most(A::STATE + most(A::PREP, APPLY), F::PREP) };
  template <int O, int I> struct Work { enum { SIZE = F::template Work<O, I>::SIZE }; };
  template <class C> static FN void prepare(C& c, In<R> p, R* s, R* w) {
    typedef typename C::T T; T t = c.t;
    static_assert(A::ROWS == int(N) && A::COLS == int(N), "square");
    R *m = F::COPY ? w : s, *sa = w + OUT, *eye = sa + A::STATE;
    A::prepare(c, p, sa, eye);
    EACH(i, N * N) eye[i] = i % (N + 1) == 0 ? R(1) : R(0);
    t.sync();
    A::template act<true, 1, N>(t, sa, eye, m, eye + N * N); // rows of A^T: A by columns
    EACH(i, N * N) if (!finite(m[i])) c.raise(NON_FINITE, i % N, m[i]);
    t.sync();
    F::spread(t, m);
    F::factor(c, m, s, w + OUT);
  }
  template <bool ADJ, int O, int I, class T> static FN void act(T t, const R* s, const R* x, R* y, R* w) {
    F::template act<ADJ, O, I>(t, s, x, y, w);
  }
  template <class T> static FN void slog(T t, const R* s, R& sign, R& log_) { F::slog(t, s, sign, log_); }
};

// Composites
template <class A, class B> struct Two {
  typedef typename A::R R;
  enum { PARAMS = A::PARAMS + B::PARAMS, STATE = A::STATE + B::STATE, PREP = most(A::PREP, B::PREP) };
  template <class C> static FN void prepare(C& c, In<R> p, R* s, R* w) {
    A::prepare(c, p, s, w);
    B::prepare(c, p.after(A::PARAMS), s + A::STATE, w);
  }
};
// B on the fast index, then A on the slow one.
template <class A, class B> struct Kron : Two<A, B> {
  typedef typename A::R R;
  enum { ROWS = A::ROWS * B::ROWS, COLS = A::COLS * B::COLS, AN = most(A::ROWS, A::COLS), BM = most(B::ROWS, B::COLS) };
  template <int O, int I> struct Work {
    enum { MID = O * I * AN * BM, SIZE = MID + most(A::template Work<O, BM * I>::SIZE, B::template Work<O * AN, I>::SIZE) };
  };
  template <bool ADJ, int O, int I, class T> static FN void act(T t, const R* s, const R* x, R* y, R* w) {
    constexpr int an = ADJ ? A::ROWS : A::COLS, bm = ADJ ? B::COLS : B::ROWS, mid = Work<O, I>::MID;
    B::template act<ADJ, O * an, I>(t, s + A::STATE, x, w, w + mid);
    A::template act<ADJ, O, bm * I>(t, s, w, y, w + mid);
  }
  template <class T> static FN void slog(T t, const R* s, R& sign, R& log_) {
    R sa = 1, la = 0, sb = 1, lb = 0;
    A::slog(t, s, sa, la);
    B::slog(t, s + A::STATE, sb, lb);
    sign *= sign_power(sa, B::ROWS) * sign_power(sb, A::ROWS);
    log_ += times(B::ROWS, la) + times(A::ROWS, lb);
  }
};
template <class A, class B> struct BlockDiag : Two<A, B> {
  typedef typename A::R R;
  enum { ROWS = A::ROWS + B::ROWS, COLS = A::COLS + B::COLS };
  template <int O, int I> struct Work { enum { SIZE = most(A::template Work<1, I>::SIZE, B::template Work<1, I>::SIZE) }; };
  template <bool ADJ, int O, int I, class T> static FN void act(T t, const R* s, const R* x, R* y, R* w) {
    constexpr int m = ADJ ? COLS : ROWS, n = ADJ ? ROWS : COLS, ma = ADJ ? A::COLS : A::ROWS, na = ADJ ? A::ROWS : A::COLS;
    STEPS(o, O) {
      A::template act<ADJ, 1, I>(t, s, x + o * n * I, y + o * m * I, w);
      B::template act<ADJ, 1, I>(t, s + A::STATE, x + (o * n + na) * I, y + (o * m + ma) * I, w);
    }
  }
  template <class T> static FN void slog(T t, const R* s, R& sign, R& log_) {
    A::slog(t, s, sign, log_);
    B::slog(t, s + A::STATE, sign, log_);
  }
};
template <class A, class B> struct Sum : Two<A, B> {
  typedef typename A::R R;
  enum { ROWS = A::ROWS, COLS = A::COLS, LONG = most(ROWS, COLS) };
  template <int O, int I> struct Work {
    enum { SIZE = O * LONG * I + most(A::template Work<O, I>::SIZE, B::template Work<O, I>::SIZE) };
  };
  template <bool ADJ, int O, int I, class T> static FN void act(T t, const R* s, const R* x, R* y, R* w) {
    constexpr int m = ADJ ? COLS : ROWS;
    A::template act<ADJ, O, I>(t, s, x, y, w + O * LONG * I);
    B::template act<ADJ, O, I>(t, s + A::STATE, x, w, w + O * LONG * I);
    EACH(e, O * m * I) y[e] += w[e];
    t.sync();
  }
};
template <class A, class B> struct Product : Two<A, B> {
  typedef typename A::R R;
  enum { ROWS = A::ROWS, COLS = B::COLS, MID = A::COLS };
  template <int O, int I> struct Work {
    enum { SIZE = O * MID * I + most(A::template Work<O, I>::SIZE, B::template Work<O, I>::SIZE) };
  };
  template <bool ADJ, int O, int I, class T> static FN void act(T t, const R* s, const R* x, R* y, R* w) {
    R* rest = w + O * MID * I;
    if constexpr (ADJ) {
      A::template act<true, O, I>(t, s, x, w, rest);
      B::template act<true, O, I>(t, s + A::STATE, w, y, rest);
    } else {
      B::template act<false, O, I>(t, s + A::STATE, x, w, rest);
      A::template act<false, O, I>(t, s, w, y, rest);
    }
  }
  template <class T> static FN void slog(T t, const R* s, R& sign, R& log_) {
    A::slog(t, s, sign, log_);
    B::slog(t, s + A::STATE, sign, log_);
  }
};
// B A for the numbers of A, B: what the inverse of a product is.
template <class A, class B> struct Reversed : Two<A, B> {
  typedef typename A::R R;
  enum { ROWS = B::ROWS, COLS = A::COLS, MID = A::ROWS };
  template <int O, int I> struct Work {
    enum { SIZE = O * MID * I + most(A::template Work<O, I>::SIZE, B::template Work<O, I>::SIZE) };
  };
  template <bool ADJ, int O, int I, class T> static FN void act(T t, const R* s, const R* x, R* y, R* w) {
    R* rest = w + O * MID * I;
    if constexpr (ADJ) {
      B::template act<true, O, I>(t, s + A::STATE, x, w, rest);
      A::template act<true, O, I>(t, s, w, y, rest);
    } else {
      A::template act<false, O, I>(t, s, x, w, rest);
      B::template act<false, O, I>(t, s + A::STATE, w, y, rest);
    }
  }
};
template <class A> struct One {
  typedef typename A::R R;
  enum { PARAMS = A::PARAMS, STATE = A::STATE, PREP = A::PREP };
  template <class C> static FN void prepare(C& c, In<R> p, R* s, R* w) { A::prepare(c, p, s, w); }
};
template <class A> struct Trans : One<A> {
  typedef typename A::R R;
  enum { ROWS = A::COLS, COLS = A::ROWS };
  template <int O, int I> struct Work { enum { SIZE = A::template Work<O, I>::SIZE }; };
  template <bool ADJ, int O, int I, class T> static FN void act(T t, const R* s, const R* x, R* y, R* w) {
    A::template act<!ADJ, O, I>(t, s, x, y, w);
  }
  template <class T> static FN void slog(T t, const R* s, R& sign, R& log_) { A::slog(t, s, sign, log_); }
};
template <class A, int COPIES> struct Repeat : One<A> {
  typedef typename A::R R;
  enum { ROWS = COPIES * A::ROWS, COLS = COPIES * A::COLS };
  template <int O, int I> struct Work { enum { SIZE = A::template Work<O * COPIES, I>::SIZE }; };
  template <bool ADJ, int O, int I, class T> static FN void act(T t, const R* s, const R* x, R* y, R* w) {
    A::template act<ADJ, O * COPIES, I>(t, s, x, y, w);
  }
  template <class T> static FN void slog(T t, const R* s, R& sign, R& log_) {
    R sa = 1, la = 0;
    A::slog(t, s, sa, la);
    sign *= sign_power(sa, COPIES);
    log_ += times(COPIES, la);
  }
};
template <class A, class G> struct Scaled {
  typedef typename A::R R;
  enum { ROWS = A::ROWS, COLS = A::COLS, PARAMS = 1 + A::PARAMS, STATE = 1 + A::STATE, PREP = A::PREP };
  template <int O, int I> struct Work { enum { SIZE = A::template Work<O, I>::SIZE }; };
  template <class C> static FN void prepare(C& c, In<R> p, R* s, R* w) {
    Scalar<R, 1, G, 1>::prepare(c, p, s, w);
    A::prepare(c, p.after(1), s + 1, w);
  }
  template <bool ADJ, int O, int I, class T> static FN void act(T t, const R* s, const R* x, R* y, R* w) {
    A::template act<ADJ, O, I>(t, s + 1, x, y, w);
    EACH(e, O * (ADJ ? COLS : ROWS) * I) y[e] *= s[0];
    t.sync();
  }
  template <class T> static FN void slog(T t, const R* s, R& sign, R& log_) {
    Scalar<R, ROWS, G, 1>::slog(t, s, sign, log_);
    A::slog(t, s + 1, sign, log_);
  }
};
// A^K by K applications.
template <class A, int K> struct Chain : One<A> {
  typedef typename A::R R;
  enum { N = A::ROWS, ROWS = N, COLS = N };
  template <int O, int I> struct Work { enum { SIZE = 2 * O * N * I + A::template Work<O, I>::SIZE }; };
  template <bool ADJ, int O, int I, class T> static FN void act(T t, const R* s, const R* x, R* y, R* w) {
    R* rest = w + 2 * O * N * I;
    STEPS(k, K) {
      const R* from = k == 0 ? x : w + (k % 2) * O * N * I;
      R* to = k == K - 1 ? y : w + (1 - k % 2) * O * N * I;
      A::template act<ADJ, O, I>(t, s, from, to, rest);
    }
  }
  template <class T> static FN void slog(T t, const R* s, R& sign, R& log_) { Repeat<A, K>::slog(t, s, sign, log_); }
};
// A A^T.
template <class A> struct Gram : One<A> {
  typedef typename A::R R;
  enum { ROWS = A::ROWS, COLS = A::ROWS, MID = A::COLS };
  template <int O, int I> struct Work { enum { SIZE = O * MID * I + A::template Work<O, I>::SIZE }; };
  template <bool ADJ, int O, int I, class T> static FN void act(T t, const R* s, const R* x, R* y, R* w) {
    A::template act<true, O, I>(t, s, x, w, w + O * MID * I);
    A::template act<false, O, I>(t, s, w, y, w + O * MID * I);
  }
};

// Tasks: what is written for one element.
struct Vector {
  template <class Op> struct Size { enum { X = Op::COLS, Y = Op::ROWS, WORK = Op::template Work<1, 1>::SIZE, OUT = Op::ROWS }; };
  template <class Op, class C, class R> static FN void run(C& c, const R* s, const R* x, R* y, R* w) {
    Op::template act<false, 1, 1>(c.t, s, x, y, w);
  }
};
struct Quadratic {
  template <class Op> struct Size { enum { X = Op::COLS, Y = Op::ROWS, WORK = Op::template Work<1, 1>::SIZE, OUT = 1 }; };
  template <class Op, class C, class R> static FN void run(C& c, const R* s, const R* x, R* y, R* w) {
    typedef typename C::T T; T t = c.t;
    Op::template act<false, 1, 1>(t, s, x, y, w);
    R q = 0;
    EACH(i, Op::ROWS) q = fma(x[i], y[i], q);
    q = t.sum(q);
    t.sync();
    if (t.lane() == 0) y[0] = q;
    t.sync();
  }
};
struct LogDet {
  template <class Op> struct Size { enum { X = 0, Y = 1, WORK = 0, OUT = 1 }; };
  template <class Op, class C, class R> static FN void run(C& c, const R* s, const R*, R* y, R*) {
    typename C::T t = c.t;
    R sign = 1, log_ = 0;
    Op::slog(t, s, sign, log_);
    if (sign == 0) c.raise(SINGULAR, 0, sign);
    if (sign < 0) c.raise(NOT_POSITIVE_DET, 0, sign);
    if (t.lane() == 0) y[0] = log_;
    t.sync();
  }
};
template <class Op, class Task> struct Pool {
  typedef typename Task::template Size<Op> S;
  enum { NUMBERS = Op::STATE + most(Op::PREP, S::X + S::Y + S::WORK) };
};
struct Batch { long long size; double exponent; int integer; unsigned capacity; };

template <class Op, class Task, class T, class R>
FN void element(T t, R* pool, R* y, const R* x, const R* p, long long b, long long step, Batch n, Record* records, unsigned* count) {
  typedef typename Task::template Size<Op> S;
  Context<T, R> c{t, R(n.exponent), n.integer != 0, FINE, 0, R(0), R(0)};
  R *s = pool, *xs = s + Op::STATE, *ys = xs + S::X, *w = ys + S::Y;
  Op::prepare(c, In<R>{p + (step == 1 ? b * Op::PARAMS : b), step}, s, xs);
  const R* xb = x + (step == 1 ? b * S::X : b);
  EACH(i, S::X) xs[i] = xb[i * step];
  t.sync();
  Task::template run<Op>(c, s, xs, ys, w);
  EACH(i, S::OUT) if (!finite(ys[i])) c.raise(NON_FINITE, i, ys[i]);
  const bool bad = t.any(c.code != FINE);
  R* yb = y + (step == 1 ? b * S::OUT : b);
  EACH(i, S::OUT) yb[i * step] = bad ? R(0) / R(0) : ys[i];
  if (bad) {
    const int first = t.min(c.code != FINE ? t.lane() : int(T::W));
    if (t.lane() == first) {
      const unsigned k = atomicAdd(count, 1u);
      if (k < n.capacity) records[k] = Record{b, c.code, c.index, double(c.value), double(c.tol)};
    }
  }
}
// One thread an element: number i of element b lies at i * batch + b.
template <class Op, class Task, class R> FN void by_thread(R* y, const R* x, const R* p, Batch n, Record* records, unsigned* count) {
  const long long b = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (b >= n.size) return;
  R pool[Pool<Op, Task>::NUMBERS + 1];
  element<Op, Task>(Thread(), pool, y, x, p, b, n.size == 1 ? 1 : n.size, n, records, count);
}
// One warp an element: the numbers of an element are contiguous.
template <class Op, class Task, class R> FN void by_warp(R* y, const R* x, const R* p, Batch n, Record* records, unsigned* count) {
  DYN_SHARED(memory);
  const long long b = (long long)blockIdx.x * blockDim.y + threadIdx.y;
  if (b >= n.size) return; // the whole warp, and only barriers of a warp follow
  R* pool = reinterpret_cast<R*>(memory) + threadIdx.y * Pool<Op, Task>::NUMBERS;
  element<Op, Task>(Warp(), pool, y, x, p, b, 1, n, records, count);
}
// One block an element.
template <class Op, class Task, int THREADS, class R>
FN void by_block(R* y, const R* x, const R* p, Batch n, Record* records, unsigned* count) {
  DYN_SHARED(memory);
  Block<THREADS> team{reinterpret_cast<double*>(memory)};
  R* pool = reinterpret_cast<R*>(team.cells + THREADS / 32);
  element<Op, Task>(team, pool, y, x, p, blockIdx.x, 1, n, records, count);
}
}  // namespace cola
