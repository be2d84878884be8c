"""The batched workloads of gpu-bench in JAX and PyTorch, where Python has them with a GPU. Medians of 30 after 5 warm-ups, in GB/s of the
numbers that come in and go out, as gpu-bench counts them. Usage: compare.py [powers of two of the batch ..]"""
import os
import statistics
import sys
import time

# else JAX takes three quarters of the memory, and PyTorch has none
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

POWERS = [int(a) for a in sys.argv[1:]] or [10, 14, 18, 22]


def median(run, wait):
    times = []
    for i in range(35):
        start = time.perf_counter()
        wait(run())
        if i >= 5:
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def line(who, what, power, numbers, seconds):
    print(f"{who:34} {what:46} 2^{power:2}  {1e3 * seconds:9.4f} ms  {8e-9 * numbers * 2**power / seconds:7.0f} GB/s", flush=True)


def jax_part():
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    if jax.default_backend() != "gpu":
        return print("JAX: no GPU")
    key = jax.random.PRNGKey(0)

    def spd(batch, n):
        g = jax.random.normal(key, (batch, n, n))
        return g @ g.transpose(0, 2, 1) / n + jnp.eye(n)

    def root(a):
        w, v = jnp.linalg.eigh(a)
        return jnp.einsum("bij,bj,bkj->bik", v, jnp.sqrt(w), v)

    def root2(a):  # closed form of 2 x 2
        s = jnp.sqrt(a[:, 0, 0] * a[:, 1, 1] - a[:, 0, 1] * a[:, 1, 0])
        t = jnp.sqrt(a[:, 0, 0] + a[:, 1, 1] + 2 * s)
        return (a + s[:, None, None] * jnp.eye(2)) / t[:, None, None]

    def kron(a, b, x):
        x = x.reshape(-1, a.shape[1], b.shape[1])
        return jnp.einsum("bij,bjl,bkl->bik", a, x, b).reshape(x.shape[0], -1)

    jobs = {
        "kron(psd 2, diag 3) sqrt, closed form": (13 + 6, lambda a, d, x: (root2(a) @ x.reshape(-1, 2, 3) * jnp.sqrt(d)[:, None, :]), 2, 3),
        "kron(psd 2, diag 3) sqrt, eigh": (13 + 6, lambda a, d, x: (root(a) @ x.reshape(-1, 2, 3) * jnp.sqrt(d)[:, None, :]), 2, 3),
        "kron(psd 2, diag 3) solve": (13 + 6, lambda a, d, x: jnp.linalg.solve(a, x.reshape(-1, 2, 3)) / d[:, None, :], 2, 3),
        "psd 8 sqrt, eigh": (64 + 16, lambda a, d, x: jnp.einsum("bij,bj->bi", root(a), x), 8, 1),
        "psd 8 solve": (64 + 16, lambda a, d, x: jnp.linalg.solve(a, x[..., None]), 8, 1),
        "psd 16 sqrt, eigh": (256 + 32, lambda a, d, x: jnp.einsum("bij,bj->bi", root(a), x), 16, 1),
        "psd 16 solve": (256 + 32, lambda a, d, x: jnp.linalg.solve(a, x[..., None]), 16, 1),
        "kron(psd 4, psd 4) sqrt, eigh": (64, lambda a, d, x: kron(root(a), root(a[::-1]), x), 4, 4),
    }
    for power in POWERS:
        for what, (numbers, f, n, m) in jobs.items():
            batch = 2**power
            a, d = spd(batch, n), 1 + jax.random.uniform(key, (batch, m))
            x = jax.random.normal(key, (batch, n * m))
            g = jax.jit(f)
            line("JAX", what, power, numbers, median(lambda: g(a, d, x), lambda y: y.block_until_ready()))


def torch_part():
    import torch

    if not torch.cuda.is_available():
        return print("PyTorch: no GPU")
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("cuda")

    def spd(batch, n):
        g = torch.randn(batch, n, n)
        return g @ g.transpose(1, 2) / n + torch.eye(n)

    def root(a):
        w, v = torch.linalg.eigh(a)
        return v * w.sqrt()[:, None, :] @ v.transpose(1, 2)

    jobs = {
        "kron(psd 2, diag 3) sqrt, eigh": (13 + 6, lambda a, d, x: root(a) @ x.view(-1, 2, 3) * d.sqrt()[:, None, :], 2, 3),
        "kron(psd 2, diag 3) solve": (13 + 6, lambda a, d, x: torch.linalg.solve(a, x.view(-1, 2, 3)) / d[:, None, :], 2, 3),
        "psd 8 sqrt, eigh": (64 + 16, lambda a, d, x: root(a) @ x[..., None], 8, 1),
        "psd 8 solve": (64 + 16, lambda a, d, x: torch.linalg.solve(a, x[..., None]), 8, 1),
        "psd 16 sqrt, eigh": (256 + 32, lambda a, d, x: root(a) @ x[..., None], 16, 1),
        "psd 16 solve": (256 + 32, lambda a, d, x: torch.linalg.solve(a, x[..., None]), 16, 1),
        "kron(psd 4, psd 4) sqrt, eigh": (64, lambda a, d, x: root(a) @ x.view(-1, 4, 4) @ root(a.flip(0)), 4, 4),
    }
    for power in POWERS:
        for what, (numbers, f, n, m) in jobs.items():
            batch = 2**power
            a, d, x = spd(batch, n), 1 + torch.rand(batch, m), torch.randn(batch, n * m)
            line("PyTorch", what, power, numbers, median(lambda: f(a, d, x), lambda _: torch.cuda.synchronize()))


for name, part in [("JAX", jax_part), ("PyTorch", torch_part)]:
    try:
        part()
    except ImportError:
        print(f"{name}: not installed")
    except Exception as e:  # out of memory, a solver without that size: the other part still counts
        print(f"{name}: {type(e).__name__}: {str(e)[:200]}")
