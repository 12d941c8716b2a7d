/* What an MTA is to mailjam-mta, and nothing else: a small process that forks, execs and waits, with the message in a
 * pipe. What fork costs depends on the size of the parent, so the benchmark, which is large, does not fork itself.
 *
 *   parent ROUNDS PAUSE MESSAGE PROGRAM [ARGUMENT...] [+ PROGRAM [ARGUMENT...]]...
 *
 * Each round runs every program once, in random order, with MESSAGE (a file) on standard input; the run of # in it is
 * replaced by a number that is new each time. Prints a line for each run: the program's position and nanoseconds from
 * fork to the end of wait. PAUSE, in microseconds, lets whatever a program has set off come to rest. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 16, LARGEST = 60000 /* what fits into a pipe */ };

static char message[LARGEST];
static size_t size;
static char *number;
static size_t digits;
static int nowhere;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void read_message(const char *path)
{
    int file = open(path, O_RDONLY);
    ssize_t got = file < 0 ? -1 : read(file, message, sizeof message);
    if (got <= 0)
        fail(path);
    close(file);
    size = (size_t)got;
    number = memchr(message, '#', size);
    while (number + digits < message + size && number[digits] == '#')
        digits++;
}

static long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}

static long run(char **program, unsigned long count)
{
    int ends[2];
    if (pipe(ends))
        fail("pipe");
    for (size_t i = digits; i-- > 0; count /= 10)
        number[i] = (char)('0' + count % 10);
    if (write(ends[1], message, size) != (ssize_t)size)
        fail("write");
    close(ends[1]);

    long start = now();
    pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0) {
        dup2(ends[0], 0);
        dup2(nowhere, 1);
        close(ends[0]);
        execv(program[0], program);
        _exit(127);
    }
    int status;
    if (waitpid(child, &status, 0) < 0)
        fail("waitpid");
    long took = now() - start;

    close(ends[0]);
    if (status != 0) {
        fprintf(stderr, "%s ended with status %#x\n", program[0], status);
        exit(1);
    }
    return took;
}

int main(int count, char **arguments)
{
    char **programs[MOST];
    int known = 0;
    if (count < 5)
        return 64;
    long rounds = atol(arguments[1]);
    useconds_t pause = (useconds_t)atol(arguments[2]);
    read_message(arguments[3]);
    nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    programs[known++] = arguments + 4;
    for (int i = 4; i < count; i++) {
        if (strcmp(arguments[i], "+") == 0 && known < MOST) {
            arguments[i] = NULL;
            programs[known++] = arguments + i + 1;
        }
    }
    unsigned long serial = (unsigned long)now();
    enum { WARM_UP = 5 };
    for (long round = -WARM_UP; round < rounds; round++) {
        int order[MOST];
        for (int i = 0; i < known; i++) {
            int j = rand() % (i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        for (int i = 0; i < known; i++) {
            long took = run(programs[order[i]], serial++);
            if (round >= 0)
                printf("%d %ld\n", order[i], took);
            usleep(pause);
        }
    }
    return 0;
}
