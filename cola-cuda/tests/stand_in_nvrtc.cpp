// A CUDA compiler without CUDA: it hands the text to the C++ compiler with cpu/shim.h and gives the path of the library it made for
// machine code. SHIM is the header, FOLDER takes the files. Only for tests; for stand_in.c.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <unistd.h>
struct Program { std::string source, log, image; };
static std::string read(const std::string& file) {
  std::ifstream in(file);
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}
static std::string cxx() { const char* c = std::getenv("CXX"); return c && *c ? c : "c++"; }
extern "C" {
int nvrtcVersion(int* major, int* minor) { *major = 13; *minor = 0; return 0; }
const char* nvrtcGetErrorString(int code) { return code == 6 ? "NVRTC_ERROR_COMPILATION" : "NVRTC_ERROR"; }
int nvrtcCreateProgram(Program** p, const char* source, const char*, int, const char* const*, const char* const*) {
  *p = new Program{source, "", ""};
  return 0;
}
int nvrtcDestroyProgram(Program** p) { delete *p; return 0; }
int nvrtcCompileProgram(Program* p, int, const char* const*) {
  static int count = 0;
  const std::string base = std::string(FOLDER) + "/kernel-" + std::to_string(getpid()) + "-" + std::to_string(count++);
  std::ofstream(base + ".cu") << p->source;
  // the kernels' names, after macros: `COLA_GLOBAL void [__launch_bounds__(..)] name(`
  const std::string names = cxx() + " -E -P -x c++ -D__global__=COLA_GLOBAL " + base + ".cu > " + base + ".i 2> " + base + ".log";
  if (std::system(names.c_str())) { p->log = read(base + ".log"); return 6; }
  const std::string text = read(base + ".i");
  const std::regex kernel(R"(COLA_GLOBAL\s+void\s+(?:__launch_bounds__\s*\([^)]*\)\s*)?(\w+)\s*\()");
  std::ofstream out(base + ".cpp");
  out << "#include \"" << base << ".cu\"\n";
  for (std::sregex_iterator i(text.begin(), text.end(), kernel), end; i != end; ++i)
    out << "extern \"C\" void " << (*i)[1] << "__launch(const unsigned* d, void** a) { shim::launch(" << (*i)[1] << ", d, a); }\n";
  out.close();
  const std::string build = cxx() + " -std=c++20 -O1 -w -shared -fPIC -fno-gnu-unique -fvisibility-inlines-hidden -include " SHIM " " + base + ".cpp -o " + base + ".so 2> " + base + ".log";
  if (std::system(build.c_str())) { p->log = read(base + ".log"); return 6; }
  p->image = base + ".so";
  p->image.push_back('\0');
  return 0;
}
int nvrtcGetProgramLogSize(Program* p, size_t* n) { *n = p->log.size() + 1; return 0; }
int nvrtcGetProgramLog(Program* p, char* log) { std::memcpy(log, p->log.c_str(), p->log.size() + 1); return 0; }
int nvrtcGetCUBINSize(Program* p, size_t* n) { *n = p->image.size(); return 0; }
int nvrtcGetCUBIN(Program* p, char* image) { std::memcpy(image, p->image.data(), p->image.size()); return 0; }
}
