// SPDX-License-Identifier: MIT
/*
 * Looks for the serial ports of the cards that were handed to the VM, and sends blocks through all of them at once, which
 * loop them back, until the VM is stopped. Prints what it sees on the console, each line with the prefix "l2: ".
 *
 * One process serves all ports: in emulation inside emulation, a program takes a second or two to start, and a shell takes
 * longer to interpret its loop than the ports take for a block.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* Bytes of a piece: mtty's FIFO has room for 16, and mtty loses the bytes of a full one. */
#define PIECE 15
#define PIECES 16
#define MAX_PORTS 64
/* A port that lost its device never answers. */
#define ANSWER_MS 5000
#define PAUSE_MS 1000
#define POLL_MS 200

enum state { SENDING, AWAITING, PAUSING, GONE };

struct port {
	char name[32];
	int fd;
	enum state state;
	/* Block and piece, each counted from 1. */
	unsigned int block, piece;
	char sent[PIECE + 1], came[PIECE + 1];
	size_t got;
	/* When an answer is overdue, or a pause over. */
	long long until_ms;
};

static struct port ports[MAX_PORTS];
static size_t port_count;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	char line[256];
	va_list arguments;
	size_t length;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	length = strlen(line);
	line[length++] = '\n';
	/* In one piece, so that nothing gets between. */
	if (write(STDOUT_FILENO, line, length) < 0)
		exit(1);
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Reads the first word of an attribute of a port's PCI device; false where there is none. */
static bool read_attribute(const char *port, const char *name, char *value, size_t size)
{
	char path[128];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/sys/class/tty/%s/device/%s", port, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, value, size - 1);
	close(fd);
	value[length > 0 ? length : 0] = '\0';
	value[strcspn(value, " \n")] = '\0';
	return length > 0;
}

/* The platform's own ports are not PCI devices and have no vendor. */
static bool is_card(const char *port)
{
	char vendor[16];

	return read_attribute(port, "vendor", vendor, sizeof(vendor));
}

/* No translation, echo or buffering. No modem lines: nothing drives them. */
static bool set_raw(int fd)
{
	struct termios mode;

	if (tcgetattr(fd, &mode) != 0)
		return false;
	cfmakeraw(&mode);
	mode.c_cflag = (mode.c_cflag | CLOCAL | CREAD) & ~CRTSCTS;
	return tcsetattr(fd, TCSANOW, &mode) == 0;
}

static void open_port(const char *name)
{
	struct port *port = &ports[port_count];
	char path[64];

	snprintf(path, sizeof(path), "/dev/%.31s", name);
	/* The port stays open: at the last close the driver would drop what has not been read. */
	port->fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (port->fd < 0 || !set_raw(port->fd)) {
		say("l2: port %s failed: %s", name, strerror(errno));
		if (port->fd >= 0)
			close(port->fd);
		return;
	}
	snprintf(port->name, sizeof(port->name), "%.31s", name);
	port->block = 1;
	port->piece = 1;
	port->state = SENDING;
	port_count++;
}

static int is_serial(const struct dirent *entry)
{
	return strncmp(entry->d_name, "ttyS", 4) == 0 && isdigit((unsigned char)entry->d_name[4]);
}

/* Opens the ports of all cards. */
static void find_ports(void)
{
	struct dirent **entries;
	int count = scandir("/sys/class/tty", &entries, is_serial, versionsort);

	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		char vendor[16], device[16];

		if (port_count < MAX_PORTS && read_attribute(name, "vendor", vendor, sizeof(vendor)) &&
		    read_attribute(name, "device", device, sizeof(device))) {
			say("l2: port %s of %s:%s", name, vendor, device);
			open_port(name);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static void rescan(void)
{
	int fd = open("/sys/bus/pci/rescan", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1", 1) < 0)
		say("l2: the PCI rescan failed: %s", strerror(errno));
	close(fd);
}

/* Ends a block that did not come back, and the port's turn if it is no card's any more. */
static void fail(struct port *port)
{
	if (!is_card(port->name)) {
		say("l2: port %s gone", port->name);
		close(port->fd);
		port->state = GONE;
		return;
	}
	port->came[port->got] = '\0';
	say("l2: block %u %s failed: sent '%s', came '%s'", port->block, port->name, port->sent, port->came);
	port->block++;
	port->piece = 1;
	port->state = PAUSING;
	port->until_ms = now_ms() + PAUSE_MS;
}

/* No two pieces of any block of any port are the same. */
static void send_piece(struct port *port)
{
	/* PIECE bytes: "S4 .000001.0001". */
	snprintf(port->sent, sizeof(port->sent), "%-3.3s.%06u.%04u", port->name + 3, port->block % 1000000,
		 port->piece % 10000);
	port->got = 0;
	port->state = AWAITING;
	port->until_ms = now_ms() + ANSWER_MS;
	if (write(port->fd, port->sent, PIECE) != PIECE)
		fail(port);
}

/* Takes what has come, and compares a whole piece with the one that was sent. */
static void take(struct port *port)
{
	ssize_t count = read(port->fd, port->came + port->got, PIECE - port->got);

	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count <= 0) {
		fail(port);
		return;
	}
	port->got += count;
	if (port->got < PIECE)
		return;
	if (memcmp(port->sent, port->came, PIECE) != 0) {
		fail(port);
		return;
	}
	port->state = SENDING;
	if (++port->piece <= PIECES)
		return;
	say("l2: block %u %s ok: %d bytes", port->block++, port->name, PIECE * PIECES);
	port->piece = 1;
}

static void serve(void)
{
	struct pollfd waits[MAX_PORTS];

	for (;;) {
		long long next_ms = now_ms() + 60 * PAUSE_MS;

		for (size_t i = 0; i < port_count; i++) {
			struct port *port = &ports[i];

			if (port->state == SENDING)
				send_piece(port);
			/* A negative descriptor is not polled. */
			waits[i] = (struct pollfd){ .fd = port->state == AWAITING ? port->fd : -1, .events = POLLIN };
			if (port->state != GONE && port->until_ms < next_ms)
				next_ms = port->until_ms;
		}
		next_ms -= now_ms();
		if (poll(waits, port_count, next_ms > 0 ? next_ms : 0) < 0 && errno != EINTR)
			exit(1);
		for (size_t i = 0; i < port_count; i++) {
			struct port *port = &ports[i];

			if (port->state == AWAITING && waits[i].revents)
				take(port);
			else if (port->state == AWAITING && now_ms() >= port->until_ms)
				fail(port);
			else if (port->state == PAUSING && now_ms() >= port->until_ms)
				port->state = SENDING;
		}
	}
}

int main(void)
{
	say("l2: up");
	find_ports();
	if (port_count == 0)
		/* ktrial looks for this text in here, and saves the VM's state after it. The rescan finds a resumed VM's cards. */
		say("l2: no port");
	while (port_count == 0) {
		poll(NULL, 0, POLL_MS);
		rescan();
		find_ports();
	}
	serve();
}
