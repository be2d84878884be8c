"""SciPy's side: reads a task per line, answers `seconds iterations error` per line, seconds of the processor. The matrix and the tasks are
those of main.rs."""

import sys
import time
import warnings

import numpy as np
import scipy.linalg as la
import scipy.sparse as sp
import scipy.sparse.linalg as sla
from scipy.fft import dstn, idstn

warnings.filterwarnings("ignore")
M = 300
N = M * M
LINE = sp.diags([-np.ones(M - 1), 2 * np.ones(M), -np.ones(M - 1)], [-1, 0, 1])
A = sp.csr_matrix(sp.kron(LINE, sp.identity(M)) + sp.kron(sp.identity(M), LINE))
W1 = 2 - 2 * np.cos(np.pi * np.arange(1, M + 1) / (M + 1))
W = W1[:, None] + W1[None, :]
B = np.sin(np.arange(N) * 0.37) + np.cos(np.arange(N) * np.arange(N) * 1e-3)


def exact(f):
    """f(A) b by the sine transform."""
    return idstn(f(W) * dstn(B.reshape(M, M), type=1), type=1).ravel()


def near(x, y):
    return np.linalg.norm(x - y) / np.linalg.norm(y)


class Count:
    def __init__(self):
        self.n = 0

    def __call__(self, *_):
        self.n += 1


def cg():
    count = Count()
    x, _ = sla.cg(A, B, rtol=1e-6, maxiter=10 * N, callback=count)
    return count.n, lambda: near(A @ x, B)


def gmres():
    # 10 cycles of 50: the same work on both sides
    x, _ = sla.gmres(A, B, rtol=1e-14, restart=50, maxiter=10)
    return 500, lambda: near(A @ x, B)


def lsmr():
    out = sla.lsmr(A, B, atol=0, btol=0, conlim=0, maxiter=500)
    return out[2], lambda: near(A @ out[0], B)


def largest():
    w, v = sla.eigsh(A, k=10, which="LA", tol=1e-10)
    return 0, lambda: np.abs(np.sort(w)[::-1] - np.sort(W.ravel())[::-1][:10]).max()


def smallest():
    w, v = sla.eigsh(A, k=10, sigma=0, which="LM", tol=1e-10)
    return 0, lambda: np.abs(np.sort(w) - np.sort(W.ravel())[:10]).max()


def expm(t):
    x = sla.expm_multiply(-t * A, B)
    return 0, lambda: near(x, exact(lambda w: np.exp(-t * w)))


def slq(probes=16, steps=100):
    """Lanczos without orthogonalisation on all probes at once, as our side."""
    rng = np.random.default_rng(0)
    v = rng.integers(0, 2, size=(N, probes)) * 2.0 - 1
    v /= np.sqrt(N)
    old, beta = np.zeros_like(v), np.zeros(probes)
    alphas, betas = [], []
    for _ in range(steps):
        w = A @ v
        w -= beta * old
        alpha = np.einsum("ij,ij->j", v, w)
        w -= alpha * v
        beta = np.sqrt(np.einsum("ij,ij->j", w, w))
        w /= beta
        old, v = v, w
        alphas.append(alpha)
        betas.append(beta)
    values = []
    for j in range(probes):
        d, e = np.array([a[j] for a in alphas]), np.array([b[j] for b in betas])[:-1]
        w, q = la.eigh_tridiagonal(d, e)
        values.append(N * np.sum(q[0] ** 2 * np.log(w)))
    return probes, lambda: abs(np.mean(values) - np.log(W).sum()) / np.log(W).sum()


TASKS = {
    "cg": cg,
    "gmres": gmres,
    "lsmr": lsmr,
    "largest": largest,
    "smallest": smallest,
    "expm 1": lambda: expm(1.0),
    "expm 10": lambda: expm(10.0),
    "slq": slq,
}
print("ready", np.__version__, flush=True)
for line in sys.stdin:
    start = time.process_time()
    iterations, error = TASKS[line.strip()]()
    seconds = time.process_time() - start
    # the check is not timed
    print(seconds, iterations, error(), flush=True)
