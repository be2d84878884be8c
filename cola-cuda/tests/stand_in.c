// A driver without a GPU: memory is the host's, kernels run on the CPU (cpu/shim.h). COLA_STAND_IN chooses what it plays.
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifndef TOTAL
#define TOTAL (1 << 20)
#endif
typedef int Code; typedef unsigned long long Ptr; typedef void *H;
static size_t used; static __thread H current; static int ready;
static const char *mode(void) { const char *m = getenv("COLA_STAND_IN"); return m ? m : ""; }
static int is(const char *m) { return strcmp(mode(), m) == 0; }

Code cuInit(unsigned f) { if (is("no device")) return 100; if (is("mismatch")) return 803; if (is("stub")) return 34; ready = 1; return 0; }
Code cuDriverGetVersion(int *v) { *v = 13000; return 0; }
Code cuGetErrorName(Code c, const char **s) { *s = "NAME"; return 0; }
Code cuGetErrorString(Code c, const char **s) { *s = "words of the driver"; return 0; }
Code cuDeviceGetCount(int *n) { if (!ready) return 3; *n = is("none shown") ? 0 : 2; return 0; }
Code cuDeviceGet(int *d, int i) { if (i < 0 || i >= 2) return 101; *d = i; return 0; }
Code cuDeviceGetName(char *s, int n, int d) { strncpy(s, d ? "Second" : "First", n); return 0; }
Code cuDeviceGetAttribute(int *v, int a, int d) { *v = a == 75 ? 9 : a == 76 ? d : a == 115 ? !is("no pool") : 0; return 0; }
Code cuDeviceTotalMem_v2(size_t *n, int d) { *n = TOTAL; return 0; }
Code cuDevicePrimaryCtxRetain(H *c, int d) { if (is("held")) return 46; *c = (H)(size_t)(16 + d); return 0; }
Code cuDevicePrimaryCtxRelease_v2(int d) { return 0; }
Code cuCtxGetCurrent(H *c) { *c = current; return 0; }
Code cuCtxSetCurrent(H c) { current = c; return 0; }
#ifndef PARTIAL
Code cuStreamCreate(H *s, unsigned f) { *s = malloc(1); return 0; }
#endif
Code cuStreamSynchronize(H s) { return 0; }
Code cuStreamDestroy_v2(H s) { free(s); return 0; }
Code cuMemGetInfo_v2(size_t *f, size_t *t) { if (!current) return 201; *f = TOTAL - used; *t = TOTAL; return 0; }
Code cuMemAlloc_v2(Ptr *p, size_t n) {
    if (!n) return 1;
    if (used + n > TOTAL) return 2;
    size_t *m = malloc(n + 16); memset(m, 0xff, n + 16); *m = n; used += n; *p = (Ptr)(m + 2);
    return 0;
}
Code cuMemFree_v2(Ptr p) { size_t *m = (size_t *)p - 2; used -= *m; free(m); return 0; }
Code cuMemAllocAsync(Ptr *p, size_t n, H s) { return is("no pool") ? 801 : cuMemAlloc_v2(p, n); }
Code cuDeviceGetDefaultMemPool(H *p, int d) { *p = (H)(size_t)(32 + d); return 0; }
Code cuMemPoolSetAttribute(H p, int a, void *v) { return is("no pool") ? 801 : 0; }
Code cuMemPoolTrimTo(H p, size_t keep) { return 0; }
Code cuMemFreeAsync(Ptr p, H s) { return is("no pool") ? 801 : cuMemFree_v2(p); }
Code cuMemcpyHtoDAsync_v2(Ptr d, const void *s, size_t n, H st) { memcpy((void *)d, s, n); return 0; }
Code cuMemcpyDtoHAsync_v2(void *d, Ptr s, size_t n, H st) { if (is("bad copy")) return 700; memcpy(d, (void *)s, n); return 0; }
Code cuMemcpyDtoDAsync_v2(Ptr d, Ptr s, size_t n, H st) { memcpy((void *)d, (void *)s, n); return 0; }
Code cuMemsetD8Async(Ptr d, unsigned char v, size_t n, H st) { memset((void *)d, v, n); return 0; }
// A module is a library that stand_in_nvrtc.cpp has built: its "machine code" is the path, and each kernel has a launcher.
Code cuModuleLoadData(H *m, const void *image) { *m = dlopen((const char *)image, RTLD_NOW | RTLD_LOCAL); return *m ? 0 : 200; }
Code cuModuleUnload(H m) { return 0; }
Code cuModuleGetFunction(H *f, H m, const char *name) {
    char launcher[256];
    snprintf(launcher, sizeof launcher, "%s__launch", name);
    *f = dlsym(m, launcher);
    return *f ? 0 : 500;
}
Code cuFuncSetAttribute(H f, int attribute, int value) { return 0; }
Code cuLaunchKernel(H f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, H s, void **args, void **extra) {
    unsigned dims[7] = {gx, gy, gz, bx, by, bz, shared};
    if (is("bad launch")) return 700;
    ((void (*)(const unsigned *, void **))f)(dims, args);
    return 0;
}
