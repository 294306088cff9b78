/* measure SECONDS DIRECTORY LOG STAND-IN|- COMMAND...

   Runs a command and prints what it cost: wall seconds, CPU seconds of the whole tree of processes,
   CPU seconds of the command's own process, the largest resident set of any of them in KiB, and
   the exit code (128 + n for signal n; 137 also when it took longer than SECONDS).

   A program of its own because the kernel counts the parent's memory as the child's until it
   executes something: this one is tiny.

   With a stand-in, that program takes the place of the shell and of the tools of the actions, for
   this command only. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t child;

static void kill_all(int signal) {
  (void)signal;
  kill(-child, SIGKILL);
}

static void fail(const char *what) {
  perror(what);
  exit(2);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

static double seconds(struct timeval time) { return time.tv_sec + time.tv_usec * 1e-6; }

static void put_in_place(const char *stand_in) {
  const char *places[] = {"/bin/sh", "/bin/cat", "/bin/cp", "/bin/sum"};
  if (unshare(CLONE_NEWNS) && unshare(CLONE_NEWUSER | CLONE_NEWNS)) fail("unshare");
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) fail("mount");
  for (size_t i = 0; i < sizeof places / sizeof *places; i++)
    if (mount(stand_in, places[i], NULL, MS_BIND, NULL)) fail(places[i]);
}

static void start(char **argv) {
  int null = open("/dev/null", O_RDONLY);
  int log = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (log < 0) fail(argv[3]);
  child = vfork();
  if (child) return;
  setpgid(0, 0);
  dup2(null, 0), dup2(log, 1), dup2(log, 2);
  if (chdir(argv[2]) == 0) execvp(argv[5], argv + 5);
  _exit(127);
}

/* The CPU of a process that has ended but is not reaped, without its children's. */
static double own(void) {
  char path[64], text[1024];
  unsigned long user = 0, system = 0;
  snprintf(path, sizeof path, "/proc/%d/stat", child);
  FILE *file = fopen(path, "r");
  size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
  if (file) fclose(file);
  text[length] = 0;
  char *rest = strrchr(text, ')');
  if (rest) sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
  return (double)(user + system) / sysconf(_SC_CLK_TCK);
}

int main(int argc, char **argv) {
  if (argc < 6) return 2;
  if (strcmp(argv[4], "-")) put_in_place(argv[4]);
  double began = now();
  start(argv);
  signal(SIGALRM, kill_all);
  alarm(atoi(argv[1]));
  siginfo_t ended;
  while (waitid(P_PID, child, &ended, WEXITED | WNOWAIT) < 0) continue;
  double wall = now() - began, own_cpu = own();
  struct rusage usage;
  int status;
  while (wait4(child, &status, 0, &usage) < 0) continue;
  double cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  printf("%.6f %.6f %.6f %ld %d\n", wall, cpu, own_cpu, usage.ru_maxrss, code);
  return 0;
}
