// Launches kernels by name. stdin, little endian, until it ends: u32 length and name, 7 u32 (grid, block, bytes of shared memory), u64
// seed, u32 number of arguments, each u32 kind (0 value, 1 buffer), u64 bytes, data. stdout: every buffer of every launch.
#include SOURCE
static bool get(void* p, size_t n) { return n == 0 || std::fread(p, 1, n, stdin) == n; }
int main() {
  unsigned length;
  while (get(&length, 4)) {
    std::string name(length, ' ');
    unsigned dims[7], count;
    if (!get(name.data(), length) || !get(dims, sizeof dims) || !get(&shim::seed, 8) || !get(&count, 4)) return 3;
    struct Arg { unsigned kind; unsigned long long n; void* data; };
    std::vector<Arg> list(count);
    std::vector<void*> args(count);
    for (auto& a : list) {
      if (!get(&a.kind, 4) || !get(&a.n, 8)) return 3;
      a.data = std::malloc(a.n); // of the exact size: AddressSanitizer sees overruns
      if (!get(a.data, a.n)) return 3;
    }
    for (unsigned i = 0; i < count; i++) args[i] = list[i].kind ? (void*)&list[i].data : list[i].data;
    auto k = shim::kernels().find(name);
    if (k == shim::kernels().end()) { std::fprintf(stderr, "no kernel %s\n", name.c_str()); return 4; }
    k->second(dims, args.data());
    for (auto& a : list) {
      if (a.kind) std::fwrite(a.data, 1, a.n, stdout);
      std::free(a.data);
    }
    std::fflush(stdout);
  }
}
