/* Does the work of the shell, `cat`, `cp` and `sum` for the generated actions, at a small part of
   the cost, so that the program that starts them shows. Which one it is comes from its name.

   Whatever else a shell is asked for is left to the real one, a copy of which is SHELL. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char buffer[1 << 16];
static uint64_t hash = 14695981039346656037u;

static void copy(const char *from, int to, int sum) {
  int file = open(from, O_RDONLY);
  ssize_t length;
  if (file < 0) _exit(1);
  while ((length = read(file, buffer, sizeof buffer)) > 0) {
    if (!sum && write(to, buffer, length) != length) _exit(1);
    for (ssize_t i = 0; sum && i < length; i++) hash = (hash ^ (unsigned char)buffer[i]) * 1099511628211u;
  }
  if (length < 0) _exit(1);
}

static int create(const char *path) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0) _exit(1);
  return file;
}

/* Runs `TOOL WORD...`, the output of which goes to a file. */
static int run(int count, char **words, int to) {
  const char *tool = strrchr(words[0], '/');
  tool = tool ? tool + 1 : words[0];
  if (!strcmp(tool, "cp") && count == 3) return copy(words[1], create(words[2]), 0), 0;
  int sum = !strcmp(tool, "sum");
  if (!sum && strcmp(tool, "cat")) return 127;
  for (int i = 1; i < count; i++) copy(words[i], to, sum);
  int digits = sum ? snprintf(buffer, sizeof buffer, "%016llx\n", (unsigned long long)hash) : 0;
  return write(to, buffer, digits) != digits;
}

/* Splits `TOOL WORD... [> FILE]` and runs it; there is nothing of a shell's language in it. */
static int run_line(char *line) {
  char *words[16];
  int count = 0, to = 1;
  for (char *word = strtok(line, " "); word && count < 15; word = strtok(NULL, " ")) words[count++] = word;
  if (count > 2 && !strcmp(words[count - 2], ">")) to = create(words[count - 1]), count -= 2;
  return run(count, words, to);
}

static int is_simple(const char *line) {
  return !line[strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789/._ >")] &&
         (!strncmp(line, "cat ", 4) || !strncmp(line, "cp ", 3) || !strncmp(line, "sum ", 4));
}

int main(int argc, char **argv) {
  const char *name = strrchr(argv[0], '/');
  name = name ? name + 1 : argv[0];
  if (strcmp(name, "sh")) return run(argc, argv, 1);
  if (argc == 3 && argv[1][0] == '-' && is_simple(argv[2])) return run_line(argv[2]);
  execv(SHELL, argv);
  return 127;
}
