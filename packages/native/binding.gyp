{
  "targets": [
    {
      "target_name": "addon",
      "sources": [
        "addon/addon.cc",
        "addon/error.cc",
        "addon/fds.cc",
        "addon/spawn.cc",
        "addon/pidfd.cc",
        "addon/seccomp.cc",
        "runtime/seccomp_compile.c",
        "runtime/report.c",
        "addon/sampler.cc",
        "addon/root.cc",
        "addon/files.cc",
        "addon/host.cc",
        "addon/tar.cc",
        "addon/layer.cc",
        "addon/netlink.cc",
        "addon/nftables.cc",
        "addon/quota.cc",
        "addon/selinux.cc",
        "addon/compare.cc"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=9", "NAPI_DISABLE_CPP_EXCEPTIONS", "_GNU_SOURCE"],
      "cflags_cc": ["-std=c++20", "-fno-exceptions", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-O2"],
      "cflags_c": ["-std=c17", "-Wall", "-Wextra", "-Werror", "-O2"],
      "libraries": ["-l:libseccomp.a", "-l:libjson-c.a", "-l:libzstd.a", "-lisal"],
      # Node has a zstd of its own, of another version: the one in here stays out of its sight.
      "ldflags": ["-Wl,--exclude-libs,ALL"]
    }
  ]
}
