/* berth-runtime: a table of commands. */
#include "cleanup.h"
#include "oci/oci.h"
#include "report.h"
#include "supervise.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#ifndef BERTH_VERSION
#define BERTH_VERSION "0.1.0"
#endif

struct oci_globals oci = {.root = "/run/berth-runtime"};

static const struct {
  const char *name, *operands, *what;
  int (*run)(int argc, char **argv);
  bool enters; /* a process of ours goes into the container */
} commands[] = {
    {"create", "[-b BUNDLE] ID", "make a container and stop before its program", oci_create, true},
    {"start", "ID", "let the program of a created container run", oci_start, false},
    {"run", "[-d] [-b BUNDLE] ID", "create, start, wait and delete", oci_run, true},
    {"exec", "[-t] [-d] ID PROGRAM...", "run one more process in a container", oci_exec, true},
    {"state", "ID", "print the state as the OCI runtime-spec has it", oci_state, false},
    {"kill", "[-a] ID [SIGNAL]", "signal the first process, or all", oci_kill, false},
    {"delete", "[-f] ID", "remove what a stopped container left", oci_delete, false},
    {"pause", "ID", "freeze all processes", oci_pause, false},
    {"resume", "ID", "thaw them", oci_resume, false},
    {"update", "[-r FILE] ID", "change resource limits", oci_update, false},
    {"ps", "ID [PS OPTIONS]", "list the processes", oci_ps, false},
    {"list", "", "list the containers", oci_list, false},
    {"events", "[--stats] ID", "print figures and out-of-memory events", oci_events, false},
    {"spec", "[-b BUNDLE]", "write a config.json to begin with", oci_spec, false},
    {"features", "", "print what this runtime supports", oci_features, false},
};
#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static void print_help(FILE *to) {
  fprintf(to, "usage: berth-runtime [--root DIR] [--log FILE] [--log-format text|json] COMMAND\n\n"
              "An OCI runtime (runtime-spec " OCI_VERSION ") with runc's command line.\n\n");
  for (size_t i = 0; i < COMMAND_COUNT; i++)
    fprintf(to, "  %-9s %-24s %s\n", commands[i].name, commands[i].operands, commands[i].what);
}

static void print_version(void) {
  printf("berth-runtime version " BERTH_VERSION "\nspec: " OCI_VERSION "\n");
}

/* To the log, where the engines that call us look, and to standard error, where people do. */
static void say(const char *level, const char *text) {
  char escaped[2048], now[32];
  time_t seconds = time(NULL);
  struct tm utc;
  strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
  json_escape(escaped, sizeof escaped, text);
  FILE *log = oci.log ? fopen(oci.log, "ae") : NULL;
  if (log && oci.log_json)
    fprintf(log, "{\"level\":\"%s\",\"msg\":\"%s\",\"time\":\"%s\"}\n", level, escaped, now);
  else if (log)
    fprintf(log, "time=\"%s\" level=%s msg=\"%s\"\n", now, level, escaped);
  if (log)
    fclose(log);
  if (oci.log_json && !oci.log)
    fprintf(stderr, "{\"level\":\"%s\",\"msg\":\"%s\",\"time\":\"%s\"}\n", level, escaped, now);
  else if (strcmp(level, "debug") != 0 || !oci.log)
    fprintf(stderr, "berth-runtime: %s%s%s\n", strcmp(level, "error") == 0 ? "" : level,
            strcmp(level, "error") == 0 ? "" : ": ", text);
}

static int complain(void) {
  char text[1024];
  report_text(text, sizeof text);
  say("error", text);
  return 1;
}

static void warn(const char *text) {
  say("warning", text);
}

void oci_warn(void) {
  char text[1024];
  report_text(text, sizeof text);
  say("warning", text);
}

static int parse_globals(int argc, char **argv) {
  enum { ROOT = 256, LOG, LOG_FORMAT, DEBUG, SYSTEMD, ROOTLESS, HELP, VERSION };
  static const struct option known[] = {{"root", required_argument, NULL, ROOT},
                                        {"log", required_argument, NULL, LOG},
                                        {"log-format", required_argument, NULL, LOG_FORMAT},
                                        {"debug", no_argument, NULL, DEBUG},
                                        {"systemd-cgroup", no_argument, NULL, SYSTEMD},
                                        {"rootless", required_argument, NULL, ROOTLESS},
                                        {"help", no_argument, NULL, HELP},
                                        {"version", no_argument, NULL, VERSION},
                                        {0}};
  bool systemd = false;
  for (int option; (option = getopt_long(argc, argv, "+hv", known, NULL)) != -1;)
    switch (option) {
    case ROOT:
      if (optarg[0] != '/')
        return report_invalid("reading the options", "--root must be an absolute path");
      oci.root = optarg;
      break;
    case LOG:
      oci.log = optarg;
      break;
    case LOG_FORMAT:
      if (strcmp(optarg, "text") != 0 && strcmp(optarg, "json") != 0)
        return report_invalid("reading the options", "--log-format takes text or json");
      oci.log_json = optarg[0] == 'j';
      break;
    case DEBUG:
      oci.debug = true;
      break;
    case SYSTEMD:
      systemd = true;
      break;
    case ROOTLESS:
      if (strcmp(optarg, "true") == 0)
        return report_invalid("reading the options", "--rootless=true is not supported: berth-runtime runs as root");
      break;
    case HELP:
    case 'h':
      print_help(stdout);
      exit(0);
    case VERSION:
    case 'v':
      print_version();
      exit(0);
    default:
      return report_invalid("reading the options", "see --help");
    }
  if (systemd)
    return report_invalid("reading the options",
                          "--systemd-cgroup is not supported: use the engine's cgroupfs manager");
  return optind;
}

const char *oci_operand(int argc, char **argv, int at) {
  if (at < argc && argv[at][0])
    return argv[at];
  report_invalid("reading the options", "%s needs the id of a container", argv[0]);
  return NULL;
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "supervise") == 0)
    return supervise_main();
  opterr = 0;
  int at = parse_globals(argc, argv);
  if (at < 0)
    return complain();
  if (at == argc) {
    print_help(stderr);
    return 1;
  }
  for (size_t i = 0; i < COMMAND_COUNT; i++) {
    if (strcmp(argv[at], commands[i].name) != 0)
      continue;
    optind = 0;
    if (commands[i].enters && oci_seal(argv) < 0)
      return complain();
    prctl(PR_SET_NAME, "berth-runtime", 0, 0, 0); /* not the number of a descriptor */
    if (commands[i].enters)
      report_warn = warn;
    if (oci.debug)
      say("debug", argv[at]);
    int code = commands[i].run(argc - at, argv + at);
    return code < 0 ? complain() : code;
  }
  report_invalid("reading the command", "there is no %s; see --help", argv[at]);
  return complain();
}
