// Dense factorisations for stand_in.c, whose memory is the host's: the calls of src/ops/solver.rs as cuSOLVER documents them. Only for tests.
#include <math.h>
#include <stdlib.h>
typedef void *H;
int cusolverDnCreate(H *h) { *h = malloc(1); return 0; }
int cusolverDnDestroy(H h) { free(h); return 0; }
int cusolverDnSetStream(H h, void *s) { return 0; }
#define A(i, j) a[(i) + (long)lda * (j)]
#define B(i, j) b[(i) + (long)ldb * (j)]
#define ALL(R, X) \
int cusolverDn##X##potrf_bufferSize(H h, int uplo, int n, R *a, int lda, int *l) { *l = 7; return uplo ? 3 : 0; } \
int cusolverDn##X##potrf(H h, int uplo, int n, R *a, int lda, R *w, int l, int *info) { \
  if (uplo || l < 7) return 3; \
  w[6] = 0; *info = 0; \
  for (int j = 0; j < n; j++) { \
    for (int k = 0; k < j; k++) for (int i = j; i < n; i++) A(i, j) -= A(i, k) * A(j, k); \
    if (!(A(j, j) > 0)) { *info = j + 1; return 0; } \
    R r = sqrt(A(j, j)); \
    for (int i = j; i < n; i++) A(i, j) /= r; \
  } \
  return 0; } \
int cusolverDn##X##potrs(H h, int uplo, int n, int k, const R *a, int lda, R *b, int ldb, int *info) { \
  *info = 0; \
  for (int c = 0; c < k; c++) { \
    for (int i = 0; i < n; i++) { for (int j = 0; j < i; j++) B(i, c) -= A(i, j) * B(j, c); B(i, c) /= A(i, i); } \
    for (int i = n - 1; i >= 0; i--) { for (int j = i + 1; j < n; j++) B(i, c) -= A(j, i) * B(j, c); B(i, c) /= A(i, i); } \
  } \
  return 0; } \
int cusolverDn##X##getrf_bufferSize(H h, int m, int n, R *a, int lda, int *l) { *l = 9; return 0; } \
int cusolverDn##X##getrf(H h, int m, int n, R *a, int lda, R *w, int *p, int *info) { \
  *info = 0; w[8] = 0; \
  for (int j = 0; j < n; j++) { \
    int q = j; \
    for (int i = j; i < n; i++) if (fabs(A(i, j)) > fabs(A(q, j))) q = i; \
    p[j] = q + 1; \
    for (int k = 0; k < n; k++) { R t = A(j, k); A(j, k) = A(q, k); A(q, k) = t; } \
    if (A(j, j) == 0) { if (!*info) *info = j + 1; continue; } \
    for (int i = j + 1; i < n; i++) { A(i, j) /= A(j, j); for (int k = j + 1; k < n; k++) A(i, k) -= A(i, j) * A(j, k); } \
  } \
  return 0; } \
int cusolverDn##X##getrs(H h, int t, int n, int k, const R *a, int lda, const int *p, R *b, int ldb, int *info) { \
  *info = 0; \
  for (int c = 0; c < k; c++) { \
    if (!t) { \
      for (int j = 0; j < n; j++) { R x = B(j, c); B(j, c) = B(p[j] - 1, c); B(p[j] - 1, c) = x; } \
      for (int i = 0; i < n; i++) for (int j = 0; j < i; j++) B(i, c) -= A(i, j) * B(j, c); \
      for (int i = n - 1; i >= 0; i--) { for (int j = i + 1; j < n; j++) B(i, c) -= A(i, j) * B(j, c); B(i, c) /= A(i, i); } \
    } else { \
      for (int i = 0; i < n; i++) { for (int j = 0; j < i; j++) B(i, c) -= A(j, i) * B(j, c); B(i, c) /= A(i, i); } \
      for (int i = n - 1; i >= 0; i--) for (int j = i + 1; j < n; j++) B(i, c) -= A(j, i) * B(j, c); \
      for (int j = n - 1; j >= 0; j--) { R x = B(j, c); B(j, c) = B(p[j] - 1, c); B(p[j] - 1, c) = x; } \
    } \
  } \
  return 0; } \
int cusolverDn##X##syevd_bufferSize(H h, int job, int uplo, int n, const R *a, int lda, const R *w, int *l) { *l = n * n; return job == 1 && !uplo ? 0 : 3; } \
int cusolverDn##X##syevd(H h, int job, int uplo, int n, R *a, int lda, R *w, R *v, int l, int *info) { \
  *info = 0; \
  for (int j = 0; j < n; j++) for (int i = 0; i < n; i++) { v[i + n * j] = i == j; if (i < j) A(i, j) = A(j, i); } \
  for (int sweep = 0; sweep < 30; sweep++) \
    for (int p = 0; p < n; p++) for (int q = p + 1; q < n; q++) { \
      R g = A(p, q); \
      if (g == 0) continue; \
      R tau = (A(q, q) - A(p, p)) / (2 * g), t = (tau < 0 ? -1 : 1) / (fabs(tau) + sqrt(1 + tau * tau)), c = 1 / sqrt(1 + t * t), s = t * c; \
      for (int k = 0; k < n; k++) { R x = A(k, p), y = A(k, q); A(k, p) = c * x - s * y; A(k, q) = s * x + c * y; } \
      for (int k = 0; k < n; k++) { R x = A(p, k), y = A(q, k); A(p, k) = c * x - s * y; A(q, k) = s * x + c * y; } \
      for (int k = 0; k < n; k++) { R x = v[k + n * p], y = v[k + n * q]; v[k + n * p] = c * x - s * y; v[k + n * q] = s * x + c * y; } \
    } \
  for (int j = 0; j < n; j++) w[j] = A(j, j); \
  for (int j = 0; j < n; j++) for (int i = 0; i < n; i++) A(i, j) = v[i + n * j]; \
  return 0; }
ALL(float, S)
ALL(double, D)
