/* spec: a config.json to begin with; features: what config.json may ask of this runtime (features.md). */
#include "oci.h"

#include "../capabilities.h"
#include "../cleanup.h"
#include "../report.h"

#include <getopt.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>

static const char template[] =
    "{\"ociVersion\":\"" OCI_VERSION "\",\"process\":{\"terminal\":true,\"user\":{\"uid\":0,\"gid\":0},"
    "\"args\":[\"sh\"],\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\"TERM=xterm\"],"
    "\"cwd\":\"/\",\"capabilities\":{\"bounding\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"],"
    "\"effective\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"],"
    "\"permitted\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"]},"
    "\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}],\"noNewPrivileges\":true},"
    "\"root\":{\"path\":\"rootfs\",\"readonly\":true},\"hostname\":\"berth\",\"mounts\":["
    "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
    "{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
    "\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},"
    "{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\","
    "\"options\":[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid=5\"]},"
    "{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\","
    "\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
    "{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\","
    "\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},"
    "{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\","
    "\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]},"
    "{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\","
    "\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"ro\"]}],"
    "\"linux\":{\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]},\"namespaces\":["
    "{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"cgroup\"},"
    "{\"type\":\"mount\"}],"
    "\"maskedPaths\":[\"/proc/acpi\",\"/proc/asound\",\"/proc/interrupts\",\"/proc/kcore\",\"/proc/keys\","
    "\"/proc/latency_stats\",\"/proc/timer_list\",\"/proc/timer_stats\",\"/proc/sched_debug\",\"/proc/scsi\","
    "\"/sys/firmware\",\"/sys/devices/virtual/powercap\"],"
    "\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\",\"/proc/sysrq-trigger\"]}}";

int oci_spec(int argc, char **argv) {
  static const struct option known[] = {
      {"bundle", required_argument, NULL, 'b'}, {"rootless", no_argument, NULL, 'r'}, {0}};
  cleanup_free char *path = NULL;
  const char *bundle = ".";
  for (int option; (option = getopt_long(argc, argv, "b:", known, NULL)) != -1;) {
    if (option == 'r')
      return report_invalid("reading the options", "--rootless is not supported: berth-runtime runs as root");
    if (option != 'b')
      return report_invalid("reading the options", "see --help");
    bundle = optarg;
  }
  if (asprintf(&path, "%s/config.json", bundle) < 0)
    return report_errno("writing a specification", "malloc", "%s", "");
  cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0)
    return report_errno("writing a specification", "open", "%s", path);
  const char *text = json_object_to_json_string_ext(
      json_tokener_parse(template), JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
  if (dprintf(fd, "%s\n", text) < 0)
    return report_errno("writing a specification", "write", "%s", path);
  return 0;
}

/* ---- features */

static json_object *strings_of(const char *const *items) {
  json_object *list = json_object_new_array();
  for (; *items; items++)
    json_object_array_add(list, json_object_new_string(*items));
  return list;
}

static json_object *capability_names(void) {
  json_object *list = json_object_new_array();
  for (int i = 0; capability_name(i); i++)
    json_object_array_add(list, json_object_new_string(capability_name(i)));
  return list;
}

int oci_features(int argc, char **argv) {
  (void)argc, (void)argv;
  static const char *const hooks[] = {
      "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop", NULL};
  static const char *const mount_options[] = {"async",       "atime",
                                              "bind",        "defaults",
                                              "dev",         "diratime",
                                              "dirsync",     "exec",
                                              "idmap",       "iversion",
                                              "lazytime",    "loud",
                                              "mand",        "noatime",
                                              "nodev",       "nodiratime",
                                              "noexec",      "noiversion",
                                              "nolazytime",  "nomand",
                                              "norelatime",  "nostrictatime",
                                              "nosuid",      "nosymfollow",
                                              "private",     "ratime",
                                              "rbind",       "rdev",
                                              "rdiratime",   "relatime",
                                              "rexec",       "ridmap",
                                              "rnoatime",    "rnodev",
                                              "rnodiratime", "rnoexec",
                                              "rnorelatime", "rnostrictatime",
                                              "rnosuid",     "rnosymfollow",
                                              "ro",          "rprivate",
                                              "rrelatime",   "rro",
                                              "rrw",         "rshared",
                                              "rslave",      "rstrictatime",
                                              "rsuid",       "rsymfollow",
                                              "runbindable", "rw",
                                              "shared",      "silent",
                                              "slave",       "strictatime",
                                              "suid",        "symfollow",
                                              "sync",        "tmpcopyup",
                                              "unbindable",  NULL};
  static const char *const namespaces[] = {"cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts", NULL};
  static const char *const actions[] = {
      "SCMP_ACT_ALLOW",        "SCMP_ACT_NOTIFY",      "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_LOG",
      "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP", NULL};
  static const char *const operators[] = {"SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT",        "SCMP_CMP_LE",
                                          "SCMP_CMP_LT", "SCMP_CMP_NE", "SCMP_CMP_MASKED_EQ", NULL};
  static const char *const archs[] = {"SCMP_ARCH_X86_64",  "SCMP_ARCH_X86", "SCMP_ARCH_X32",
                                      "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", NULL};
  static const char *const seccomp_flags[] = {"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG",
                                              "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
                                              "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", NULL};
  json_object *all = json_tokener_parse(
      "{\"ociVersionMin\":\"1.0.0\",\"ociVersionMax\":\"" OCI_VERSION "\",\"linux\":{"
      "\"cgroup\":{\"v1\":true,\"v2\":true,\"systemd\":false,\"systemdUser\":false,\"rdma\":true},"
      "\"seccomp\":{\"enabled\":true},\"apparmor\":{\"enabled\":true},\"selinux\":{\"enabled\":true},"
      "\"intelRdt\":{\"enabled\":false},\"mountExtensions\":{\"idmap\":{\"enabled\":true}},"
      "\"netDevices\":{\"enabled\":false}}}");
  json_object *linux_object = cgroup_member(all, "linux"), *seccomp = cgroup_member(linux_object, "seccomp"),
              *annotations = json_object_new_object();
  char version[32];
  const struct scmp_version *library = seccomp_version();
  snprintf(version, sizeof version, "%u.%u.%u", library->major, library->minor, library->micro);
  json_object_object_add(all, "hooks", strings_of(hooks));
  json_object_object_add(all, "mountOptions", strings_of(mount_options));
  json_object_object_add(linux_object, "namespaces", strings_of(namespaces));
  json_object_object_add(linux_object, "capabilities", capability_names());
  json_object_object_add(seccomp, "actions", strings_of(actions));
  json_object_object_add(seccomp, "operators", strings_of(operators));
  json_object_object_add(seccomp, "archs", strings_of(archs));
  json_object_object_add(seccomp, "knownFlags", strings_of(seccomp_flags));
  json_object_object_add(seccomp, "supportedFlags", strings_of(seccomp_flags));
  json_object_object_add(annotations, "io.github.seccomp.libseccomp.version", json_object_new_string(version));
  json_object_object_add(all, "annotations", annotations);
  puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                                               JSON_C_TO_STRING_NOSLASHESCAPE));
  return 0;
}
