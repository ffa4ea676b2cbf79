/* The error contract: functions return 0 (or a descriptor) or -1, having filled the one failure of this process. */
#ifndef REPORT_H
#define REPORT_H

#ifdef __cplusplus
#define _Thread_local __thread
extern "C" {
#endif

struct failure {
  char step[64];    /* what was being done, in words */
  char syscall[24]; /* which call failed, or "" */
  int number;       /* errno, 0 for bad input */
  int exit_code;    /* 125 set-up, 126 cannot execute, 127 not found */
  char detail[512]; /* path, value, or what to do */
};

extern _Thread_local struct failure failure;

/* Fills the failure with the errno of now; always returns -1. */
int report_errno(const char *step, const char *syscall, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Bad input: no system call failed. */
int report_invalid(const char *step, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Worth a line where people look, and no failure; goes to report_warn, or nowhere. */
void report_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
extern void (*report_warn)(const char *text);
#ifdef __clang_analyzer__ /* it sees one file at a time, and so not that these return nothing else */
#define report_errno(...) (report_errno(__VA_ARGS__), -1)
#define report_invalid(...) (report_invalid(__VA_ARGS__), -1)
#endif
/* One line for people: "step: syscall: detail: what errno means". */
int report_text(char *buffer, int size);
/* One JSON object, no newline. Returns its length. */
int report_json(char *buffer, int size);
/* Writes text as the inside of a JSON string. */
int json_escape(char *out, int size, const char *text);

#ifdef __cplusplus
}
#endif

#endif
