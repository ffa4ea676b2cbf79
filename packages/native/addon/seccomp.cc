// An OCI linux.seccomp object becomes classic BPF, which the supervisor only loads. berth-runtime's own compiler.
#include "../runtime/report.h"
#include "../runtime/seccomp_compile.h"
#include "error.h"

#include <cstdlib>
#include <memory>
#include <vector>

namespace seccomp {

namespace {

error::Failure compile(const std::string &text, std::vector<uint8_t> &program) {
  std::unique_ptr<json_object, decltype(&json_object_put)> profile(json_tokener_parse(text.c_str()), json_object_put);
  if (!profile)
    return error::with(EINVAL, "seccomp", {}, "not a JSON object");
  seccomp_code code;
  if (seccomp_compile(profile.get(), &code) < 0)
    return error::with(failure.number == 0 ? EINVAL : failure.number,
                       failure.syscall[0] == 0 ? "seccomp" : failure.syscall, {}, failure.detail);
  auto *bytes = reinterpret_cast<uint8_t *>(code.filters);
  program.assign(bytes, bytes + code.count * sizeof(sock_filter));
  free(code.filters);
  return {};
}

Napi::Value compile_seccomp(const Napi::CallbackInfo &info) {
  auto text = std::make_shared<std::string>(info[0].ToString());
  auto program = std::make_shared<std::vector<uint8_t>>();
  return error::run(
      info.Env(), [text, program] { return compile(*text, *program); },
      [program](Napi::Env env) -> Napi::Value {
        return Napi::Buffer<uint8_t>::Copy(env, program->data(), program->size());
      });
}

} // namespace

void init(Napi::Env env, Napi::Object exports) {
  exports.Set("compileSeccomp", Napi::Function::New(env, compile_seccomp, "compileSeccomp"));
}

} // namespace seccomp
