// Runs CUDA C++ kernels on the CPU, to look for wrong indices, missing or divergent barriers and unwritten shared memory.
//   default         every CUDA thread is a fiber; inside a barrier interval they run in the order that `seed` says
//   -DSHIM_THREADS  every CUDA thread is an OS thread; build with -fsanitize=thread
// Shared memory is a heap block of exactly the size of the launch, filled with NaN before every block, so that AddressSanitizer sees
// overruns and a number that was never written spoils the result. It says nothing of speed, coalescing or memory ordering.
#pragma once
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <math.h>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>
#ifdef SHIM_THREADS
#include <barrier>
#include <thread>
#else
#include <ucontext.h>
#endif

struct dim3 {
  unsigned x, y, z;
  dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {}
};
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __restrict__ __restrict
#define DYN_SHARED(name) unsigned char* name = shim::shared
#define SHARED(T, name, dims) auto& name = *reinterpret_cast<T(*) dims>(shim::region(__LINE__, sizeof(T dims)))

inline double rsqrt(double x) { return 1 / std::sqrt(x); }
inline float rsqrt(float x) { return 1 / std::sqrt(x); }

namespace shim {
inline dim3 grid, block, at;
inline unsigned char* shared;
inline size_t shared_size;
inline unsigned long long seed;
// Static shared arrays by the line that declares them: one heap block each.
struct Region {
  std::unique_ptr<unsigned char[]> data;
  size_t size;
};
inline std::map<int, Region> regions;
struct Thread {
  dim3 index;
  unsigned number;
};
#ifdef SHIM_THREADS
inline thread_local Thread* me;
inline std::unique_ptr<std::barrier<>> all;
inline std::vector<std::unique_ptr<std::barrier<>>> warps;
inline std::atomic_flag lock = ATOMIC_FLAG_INIT;
#else
enum State { READY, AT_BLOCK, AT_WARP, DONE };
struct Fiber : Thread {
  ucontext_t context;
  std::unique_ptr<char[]> stack;
  State state;
  int line;
};
inline Thread* me;
inline std::vector<Fiber> fibers;
inline ucontext_t scheduler;
constexpr size_t STACK = 64 << 10;
#endif
inline unsigned long long slots[1024];

[[noreturn]] inline void die(const char* what) {
  std::fprintf(stderr, "shim: %s\n", what);
  std::abort();
}
inline unsigned char* region(int line, size_t size) {
#ifdef SHIM_THREADS
  while (lock.test_and_set(std::memory_order_acquire)) {}
#endif
  Region& r = regions[line];
  if (!r.data) {
    r = Region{std::make_unique<unsigned char[]>(size), size};
    std::memset(r.data.get(), 0xff, size);
  }
  unsigned char* data = r.data.get();
#ifdef SHIM_THREADS
  lock.clear(std::memory_order_release);
#endif
  return data;
}
inline void wait(bool warp, int line) {
#ifdef SHIM_THREADS
  (void)line;
  if (warp) warps[me->number / 32]->arrive_and_wait(); else all->arrive_and_wait();
#else
  auto* f = static_cast<Fiber*>(me);
  f->state = warp ? AT_WARP : AT_BLOCK;
  f->line = line;
  swapcontext(&f->context, &scheduler);
#endif
}
template <class T> T from_lane(T v, unsigned lane, int line) {
  static_assert(sizeof(T) <= 8);
  unsigned long long raw = 0;
  std::memcpy(&raw, &v, sizeof(T));
  slots[me->number] = raw;
  wait(true, line);
  raw = slots[(me->number & ~31u) + (lane & 31)];
  wait(true, line);
  std::memcpy(&v, &raw, sizeof(T));
  return v;
}
inline unsigned ballot(bool p, int line) {
  slots[me->number] = p;
  wait(true, line);
  unsigned r = 0;
  const unsigned first = me->number & ~31u, count = block.x * block.y * block.z;
  for (unsigned i = 0; i < 32 && first + i < count; i++) r |= unsigned(slots[first + i]) << i;
  wait(true, line);
  return r;
}
inline int any_of_block(bool p, int line) {
  slots[me->number] = p;
  wait(false, line);
  int r = 0;
  for (unsigned i = 0; i < block.x * block.y * block.z; i++) r |= int(slots[i]);
  wait(false, line);
  return r;
}
#ifndef SHIM_THREADS
// Runs the fibers until all are done; a barrier opens when everybody that must reach it is there.
inline void schedule(unsigned n) {
  std::vector<unsigned> order(n);
  for (unsigned i = 0; i < n; i++) order[i] = i;
  std::mt19937_64 random(seed);
  for (;;) {
    if (seed == 1) std::reverse(order.begin(), order.end());
    if (seed > 1) std::shuffle(order.begin(), order.end(), random);
    for (unsigned i : order) {
      if (fibers[i].state != READY) continue;
      me = &fibers[i];
      swapcontext(&scheduler, &fibers[i].context);
    }
    bool opened = false;
    for (unsigned w = 0; w < n; w += 32) {
      unsigned waiting = 0, elsewhere = 0;
      int line = 0;
      for (unsigned i = w; i < std::min(n, w + 32); i++) {
        if (fibers[i].state != AT_WARP) { elsewhere++; continue; }
        if (waiting++ && line != fibers[i].line) die("threads of a warp wait at different barriers");
        line = fibers[i].line;
      }
      if (!waiting) continue;
      if (elsewhere) die("a barrier of a warp is reached by a part of it");
      for (unsigned i = w; i < std::min(n, w + 32); i++) fibers[i].state = READY;
      opened = true;
    }
    if (opened) continue;
    unsigned done = 0;
    int line = 0;
    for (auto& f : fibers) {
      if (f.state == DONE) { done++; continue; }
      if (line && line != f.line) die("threads of a block wait at different barriers");
      line = f.line;
    }
    if (done == n) return;
    if (done) die("a barrier of a block is not reached by threads that have returned");
    for (auto& f : fibers) f.state = READY;
  }
}
#endif
template <class Body> void run_block(Body& body) {
  const unsigned n = block.x * block.y * block.z;
  if (n == 0 || n > 1024) die("a block has 1 to 1024 threads");
  if (shared_size) std::memset(shared, 0xff, shared_size);
  for (auto& r : regions) std::memset(r.second.data.get(), 0xff, r.second.size);
  auto index = [](unsigned i) { return dim3(i % block.x, i / block.x % block.y, i / (block.x * block.y)); };
#ifdef SHIM_THREADS
  all = std::make_unique<std::barrier<>>(n);
  warps.clear();
  for (unsigned w = 0; w < n; w += 32) warps.push_back(std::make_unique<std::barrier<>>(std::min(32u, n - w)));
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < n; i++)
    threads.emplace_back([&, i] {
      Thread t{index(i), i};
      me = &t;
      body();
      warps[i / 32]->arrive_and_drop();
      all->arrive_and_drop();
    });
  for (auto& t : threads) t.join();
#else
  static Body* running;
  running = &body;
  if (fibers.size() != n) fibers = std::vector<Fiber>(n);
  for (unsigned i = 0; i < n; i++) {
    Fiber& f = fibers[i];
    f.index = index(i);
    f.number = i;
    f.state = READY;
    f.line = 0;
    if (!f.stack) f.stack = std::make_unique<char[]>(STACK);
    getcontext(&f.context);
    f.context.uc_stack.ss_sp = f.stack.get();
    f.context.uc_stack.ss_size = STACK;
    f.context.uc_link = &scheduler;
    makecontext(&f.context, (void (*)())(+[] { (*running)(); static_cast<Fiber*>(me)->state = DONE; }), 0);
  }
  schedule(n);
#endif
}
// As cuLaunchKernel: `args` are pointers to the arguments.
template <class... A> void launch(void (*kernel)(A...), const unsigned* dims, void** args) {
  grid = dim3(dims[0], dims[1], dims[2]);
  block = dim3(dims[3], dims[4], dims[5]);
  if (dims[6] > 232448) die("more than 227 KiB of shared memory");
  shared_size = dims[6];
  std::unique_ptr<unsigned char, void (*)(void*)> memory((unsigned char*)std::malloc(shared_size), std::free);
  shared = memory.get();
  regions.clear();
  auto call = [&]<size_t... I>(std::index_sequence<I...>) { kernel(*static_cast<std::remove_reference_t<A>*>(args[I])...); };
  auto body = [&] { call(std::index_sequence_for<A...>{}); };
  for (unsigned z = 0; z < dims[2]; z++)
    for (unsigned y = 0; y < dims[1]; y++)
      for (unsigned x = 0; x < dims[0]; x++) {
        at = dim3(x, y, z);
        run_block(body);
      }
}
using Launcher = void (*)(const unsigned*, void**);
inline std::map<std::string, Launcher>& kernels() {
  static std::map<std::string, Launcher> k;
  return k;
}
}  // namespace shim
#define threadIdx (shim::me->index)
#define blockIdx (shim::at)
#define blockDim (shim::block)
#define gridDim (shim::grid)
#define __syncthreads() shim::wait(false, __LINE__)
#define __syncwarp(...) shim::wait(true, __LINE__)
#define __syncthreads_or(p) shim::any_of_block((p), __LINE__)
#define __shfl_xor_sync(m, v, d) shim::from_lane((v), (shim::me->number & 31) ^ (d), __LINE__)
#define __shfl_sync(m, v, l) shim::from_lane((v), (l), __LINE__)
#define __ballot_sync(m, p) shim::ballot((p), __LINE__)
inline unsigned atomicAdd(unsigned* p, unsigned v) { return std::atomic_ref<unsigned>(*p).fetch_add(v); }
inline int atomicMax(int* p, int v) {
  std::atomic_ref<int> a(*p);
  int old = a.load();
  while (old < v && !a.compare_exchange_weak(old, v)) {}
  return old;
}
#define EXPORT(k) \
  static const bool k##_known = (shim::kernels()[#k] = [](const unsigned* d, void** a) { shim::launch(k, d, a); }, true);
