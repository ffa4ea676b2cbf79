// SHA-256 by the OpenSSL inside Node, which picks the processor's instructions for it.
#pragma once

#include <memory>
#include <openssl/evp.h>
#include <string>

namespace sha256 {

class Hash {
public:
  Hash() : context(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    isUsable = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  }
  void update(const void *data, size_t size) {
    isUsable = isUsable && EVP_DigestUpdate(context.get(), data, size) == 1;
  }
  /// `sha256:` and 64 digits; empty when OpenSSL would not (a FIPS set-up that is broken, no memory).
  std::string digest() {
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (!isUsable || EVP_DigestFinal_ex(context.get(), sum, &size) != 1)
      return {};
    std::string text = "sha256:";
    for (unsigned i = 0; i < size; i++) {
      text += "0123456789abcdef"[sum[i] >> 4];
      text += "0123456789abcdef"[sum[i] & 15];
    }
    return text;
  }

private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context;
  bool isUsable = false;
};

} // namespace sha256
