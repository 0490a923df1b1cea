/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of abstract names and TCP ports. */
#include "peers/address.h"

#include "base/deadline.h"
#include "base/fail.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SOCKET_KIND (SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)
#define RETRY_NS (5 * CX_NS_PER_MS)

static cx_status_t refuse(const char *text)
{
    return CX_FAIL(CX_INVALID, "address '%s' is neither unix:NAME nor tcp:HOST:PORT", text);
}

static bool is_port(const char *text)
{
    char *end;
    long  port = strtol(text, &end, 10);

    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && port > 0 && port <= 65535;
}

/* "HOST:PORT" or "[HOST]:PORT". */
static bool split_tcp(const char *text, cx_address_t *out)
{
    const char *colon = strrchr(text, ':');
    size_t      length;

    if (!colon || colon == text || !is_port(colon + 1)) {
        return false;
    }
    length = (size_t)(colon - text);
    if (text[0] == '[' && colon[-1] == ']') {
        text++;
        length -= 2;
    }
    if (length == 0 || length >= sizeof out->name) {
        return false;
    }
    memcpy(out->name, text, length);
    (void)snprintf(out->port, sizeof out->port, "%ld", strtol(colon + 1, NULL, 10));
    return true;
}

cx_status_t cx_address_parse(const char *text, cx_address_t *out)
{
    cx_address_t address = {0};

    if (strncmp(text, "unix:", 5) == 0) {
        /* One byte less than sun_path has, for the NUL that makes a name abstract. */
        if (text[5] == '\0' || strlen(text + 5) >= sizeof address.name) {
            return refuse(text);
        }
        address.is_unix = true;
        memcpy(address.name, text + 5, strlen(text + 5));
    } else if (strncmp(text, "tcp:", 4) != 0 || !split_tcp(text + 4, &address)) {
        return refuse(text);
    }
    *out = address;
    return CX_OK;
}

static socklen_t abstract_name(const cx_address_t *address, struct sockaddr_un *out)
{
    size_t length = strlen(address->name);

    memset(out, 0, sizeof *out);
    out->sun_family = AF_UNIX;
    memcpy(out->sun_path + 1, address->name, length);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
}

/* Where rank 0 listens: the host itself when it is a number; a name may lead elsewhere on this
 * machine (Debian's 127.0.1.1), so for a name all interfaces, both families where there is IPv6. */
static socklen_t listening_place(const cx_address_t *address, struct sockaddr_storage *out)
{
    struct sockaddr_in  *four = (struct sockaddr_in *)out;
    struct sockaddr_in6 *six  = (struct sockaddr_in6 *)out;
    uint16_t             port = htons((uint16_t)strtol(address->port, NULL, 10));

    memset(out, 0, sizeof *out);
    if (address->is_unix) {
        return abstract_name(address, (struct sockaddr_un *)out);
    }
    if (inet_pton(AF_INET, address->name, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port   = port;
        return sizeof *four;
    }
    if (inet_pton(AF_INET6, address->name, &six->sin6_addr) != 1) {
        six->sin6_addr = in6addr_any;
    }
    six->sin6_family = AF_INET6;
    six->sin6_port   = port;
    return sizeof *six;
}

static void allow_ipv4(struct sockaddr_storage *place, socklen_t *length)
{
    struct sockaddr_in four = {.sin_family = AF_INET,
                               .sin_port   = ((struct sockaddr_in6 *)place)->sin6_port};

    memset(place, 0, sizeof *place);
    memcpy(place, &four, sizeof four);
    *length = sizeof four;
}

cx_status_t cx_address_listen(const cx_address_t *address, int *fd_out)
{
    struct sockaddr_storage place;
    socklen_t               length = listening_place(address, &place);
    int                     fd     = socket(place.ss_family, SOCKET_KIND, 0);
    int                     yes = 1, no = 0;

    if (fd < 0 && place.ss_family == AF_INET6 && errno == EAFNOSUPPORT) {
        allow_ipv4(&place, &length);
        fd = socket(place.ss_family, SOCKET_KIND, 0);
    }
    if (fd < 0) {
        return CX_FAIL(CX_RESOURCE, "no socket for rank 0: %s", strerror(errno));
    }
    if (!address->is_unix) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    }
    if (bind(fd, (struct sockaddr *)&place, length) != 0 || listen(fd, SOMAXCONN) != 0) {
        int cause = errno;

        (void)close(fd);
        return CX_FAIL(CX_RESOURCE, "rank 0 cannot listen at %s%s%s: %s; another run may be there",
                       address->name, address->is_unix ? "" : " port ", address->port,
                       strerror(cause));
    }
    *fd_out = fd;
    return CX_OK;
}

static bool is_own_user(int fd)
{
    struct ucred who;
    socklen_t    length = sizeof who;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &length) == 0 && who.uid == geteuid();
}

/* Small messages go at once instead of waiting to be joined. */
static void set_no_delay(int fd)
{
    int yes = 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

int cx_address_accept(const cx_address_t *address, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd >= 0 && address->is_unix && !is_own_user(fd)) {
        (void)close(fd);
        return -1;
    }
    if (fd >= 0 && !address->is_unix) {
        set_no_delay(fd);
    }
    return fd;
}

/* One attempt at one place; -1 with errno. */
static int try_place(const struct sockaddr *place, socklen_t length, int64_t deadline_ns)
{
    int       fd    = socket(place->sa_family, SOCKET_KIND, 0);
    int       cause = 0;
    socklen_t size  = sizeof cause;

    if (fd < 0) {
        return -1;
    }
    if (connect(fd, place, length) != 0) {
        struct pollfd poller = {.fd = fd, .events = POLLOUT};

        cause = errno;
        if (cause == EINPROGRESS) {
            cause = poll(&poller, 1, cx_deadline_poll_ms(deadline_ns)) <= 0 ? ETIMEDOUT : 0;
            if (cause == 0) {
                (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &cause, &size);
            }
        }
    }
    if (cause != 0) {
        (void)close(fd);
        errno = cause;
        return -1;
    }
    return fd;
}

static int try_tcp(const cx_address_t *address, int64_t deadline_ns)
{
    struct addrinfo  hints  = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *places = NULL;
    int              fd     = -1;

    if (getaddrinfo(address->name, address->port, &hints, &places) != 0) {
        errno = EHOSTUNREACH;
        return -1;
    }
    for (struct addrinfo *place = places; place && fd < 0; place = place->ai_next) {
        fd = try_place(place->ai_addr, place->ai_addrlen, deadline_ns);
    }
    if (fd >= 0) {
        set_no_delay(fd);
    }
    freeaddrinfo(places);
    return fd;
}

static int try_unix(const cx_address_t *address, int64_t deadline_ns)
{
    struct sockaddr_un place;
    socklen_t          length = abstract_name(address, &place);
    int                fd     = try_place((const struct sockaddr *)&place, length, deadline_ns);

    if (fd >= 0 && !is_own_user(fd)) {
        (void)close(fd);
        errno = EPERM;
        return -1;
    }
    return fd;
}

cx_status_t cx_address_connect(const cx_address_t *address, int64_t deadline_ns, int *fd_out)
{
    struct timespec pause = {.tv_nsec = RETRY_NS};

    for (;;) {
        int fd = address->is_unix ? try_unix(address, deadline_ns) : try_tcp(address, deadline_ns);

        if (fd >= 0) {
            *fd_out = fd;
            return CX_OK;
        }
        if (cx_now_ns() >= deadline_ns) {
            return CX_FAIL(CX_TIMEOUT, "rank 0 is not listening at %s%s%s: %s", address->name,
                           address->is_unix ? "" : " port ", address->port, strerror(errno));
        }
        (void)nanosleep(&pause, NULL);
    }
}
