import CLinux
import Foundation
import Glibc
import MuScSupport
import Synchronization
import SystemPackage

/// A small HTTP/1.1 server for a few people on one machine: a thread a connection, and bounds on everything that a client
/// can make it hold.
///
/// What a general server leaves open is bounded here: bytes and fields of a head, bytes of a body, seconds for a request,
/// connections, and requests of a connection.
package final class HTTPServer: Sendable {
    package struct Limits: Sendable {
        package var connections = 128
        package var requestsOfConnection = 1000
        /// Seconds for a whole request to come, and for each piece of an answer to go.
        package var seconds = 10
        /// Seconds that a connection may rest between two requests.
        package var idleSeconds = 15

        package init() {}
    }

    private let listener: Int32
    /// The port that is listened at.
    package let port: Int
    private let limits: Limits
    private let answer: @Sendable (HTTPRequest, [UInt8]) -> HTTPResponse
    private let connections = Atomic<Int>(0)
    private let isStopped = Atomic<Bool>(false)

    /// Listens at an address.
    ///
    /// - Parameters:
    ///   - host: An IPv4 or IPv6 address, such as `127.0.0.1`.
    ///   - port: 0 for any that is free.
    ///   - answer: Called on the connection's thread.
    /// - Throws: ``ServingError``.
    package init(
        host: String, port: Int, limits: Limits = Limits(), answer: @escaping @Sendable (HTTPRequest, [UInt8]) -> HTTPResponse
    ) throws(ServingError) {
        self.limits = limits
        self.answer = answer
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard (0...65_535).contains(port), getaddrinfo(host, "\(port)", &hints, &found) == 0, let address = found?.pointee else {
            throw ServingError(address: "\(host):\(port)", reason: .noAddress)
        }
        defer { freeaddrinfo(found) }
        let listener = socket(address.ai_family, address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
        var on: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        guard listener >= 0, bind(listener, address.ai_addr, address.ai_addrlen) == 0, listen(listener, 64) == 0 else {
            let code = errno
            if listener >= 0 { close(listener) }
            throw ServingError(address: "\(host):\(port)", reason: .system(Errno(rawValue: code)))
        }
        self.listener = listener
        var bound = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let big = withUnsafeMutablePointer(to: &bound) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(listener, $0, &size) }
            // The port lies at one place in the addresses of both families.
            return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee.sin_port }
        }
        self.port = Int(UInt16(bigEndian: big))
    }

    deinit { close(listener) }

    /// Serves until ``stop()``.
    ///
    /// Threads of this process share two pools of memory from then on, and what a rush of clients needed goes back to the
    /// system when the last has gone.
    package func run() {
        musc_limit_memory_pools(2)
        var wasBusy = false
        var waiting = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        while !isStopped.load(ordering: .relaxed) {
            guard poll(&waiting, 1, 200) > 0 else {
                if wasBusy, connections.load(ordering: .relaxed) == 0 {
                    musc_release_memory()
                    wasBusy = false
                }
                continue
            }
            wasBusy = true
            let client = accept(listener, nil, nil)
            if client < 0 {
                // With no descriptor left the same connection would be offered at once again.
                if errno == EMFILE || errno == ENFILE { usleep(100_000) }
                continue
            }
            guard connections.wrappingAdd(1, ordering: .relaxed).newValue <= limits.connections else {
                connections.wrappingSubtract(1, ordering: .relaxed)
                close(client)
                continue
            }
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            let thread = Thread { [self] in
                serve(client)
                close(client)
                connections.wrappingSubtract(1, ordering: .relaxed)
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    /// Ends ``run()`` within moments; answers that are on their way are finished as long as the process lasts.
    package func stop() { isStopped.store(true, ordering: .relaxed) }

    // MARK: One connection

    private func serve(_ client: Int32) {
        var timeout = timeval(tv_sec: limits.seconds, tv_usec: 0)
        setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var on: Int32 = 1
        setsockopt(client, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        var buffer: [UInt8] = []
        for _ in 0..<limits.requestsOfConnection {
            guard !isStopped.load(ordering: .relaxed),
                wait(for: client, milliseconds: buffer.isEmpty ? limits.idleSeconds * 1000 : 0) || !buffer.isEmpty
            else { return }
            let deadline = ContinuousClock.now + .seconds(limits.seconds)
            do throws(HTTPRequest.Refusal) {
                guard let request = try request(from: client, &buffer, until: deadline) else { return }
                guard receive(request.length, from: client, &buffer, until: deadline) else { throw HTTPRequest.Refusal(status: 408) }
                let body = Array(buffer.prefix(request.length))
                buffer.removeFirst(request.length)
                let response = answer(request, body)
                guard send(response, to: client, withBody: request.method != .head, keepsAlive: request.keepsAlive), request.keepsAlive
                else { return }
            } catch {
                _ = send(.refusal(error.status), to: client, withBody: true, keepsAlive: false)
                drain(client)
                return
            }
        }
    }

    /// Reads a head.
    ///
    /// - Returns: nil where the client went away.
    private func request(
        from client: Int32, _ buffer: inout [UInt8], until deadline: ContinuousClock.Instant
    ) throws(HTTPRequest.Refusal) -> HTTPRequest? {
        var searched = 0
        while true {
            if let end = Self.endOfHead(buffer, from: max(searched - 3, 0)) {
                let head = buffer[..<end.head]
                let request = try HTTPRequest(head: head)
                buffer.removeFirst(end.next)
                return request
            }
            searched = buffer.count
            guard buffer.count <= HTTPRequest.mostHead else { throw HTTPRequest.Refusal(status: 431) }
            guard receive(buffer.count + 1, from: client, &buffer, until: deadline) else {
                if buffer.isEmpty || ContinuousClock.now < deadline { return nil }
                throw HTTPRequest.Refusal(status: 408)
            }
        }
    }

    /// Where the empty line stands: behind the head, and where what follows begins.
    private static func endOfHead(_ bytes: [UInt8], from start: Int) -> (head: Int, next: Int)? {
        var index = start
        while index + 1 < bytes.count {
            if bytes[index] == 10, bytes[index + 1] == 10 { return (index, index + 2) }
            if bytes[index] == 13, index + 3 < bytes.count, bytes[index + 1] == 10, bytes[index + 2] == 13, bytes[index + 3] == 10 {
                return (index, index + 4)
            }
            index += 1
        }
        return nil
    }

    /// Reads until the buffer holds so many bytes.
    private func receive(_ count: Int, from client: Int32, _ buffer: inout [UInt8], until deadline: ContinuousClock.Instant) -> Bool {
        var piece = [UInt8](repeating: 0, count: 8192)
        while buffer.count < count {
            let left = (deadline - ContinuousClock.now) / .milliseconds(1)
            guard left > 0, wait(for: client, milliseconds: Int(left) + 1) else { return false }
            let read = recv(client, &piece, piece.count, Int32(MSG_DONTWAIT))
            if read < 0, errno == EINTR || errno == EAGAIN { continue }
            guard read > 0 else { return false }
            buffer += piece[..<read]
        }
        return true
    }

    /// Lets a client that is still sending read why it was refused: to close at once would take the answer back.
    private func drain(_ client: Int32) {
        shutdown(client, Int32(SHUT_WR))
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        for _ in 0..<16 where wait(for: client, milliseconds: 200) {
            guard recv(client, &piece, piece.count, Int32(MSG_DONTWAIT)) > 0 else { return }
        }
    }

    private func wait(for client: Int32, milliseconds: Int) -> Bool {
        var waiting = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, Int32(clamping: milliseconds)) > 0
    }

    private func send(_ response: HTTPResponse, to client: Int32, withBody: Bool, keepsAlive: Bool) -> Bool {
        defer { response.close() }
        guard send(response.head(keepsAlive: keepsAlive), to: client) else { return false }
        guard withBody else { return true }
        switch response.body {
        case .bytes(let bytes): return send(bytes, to: client)
        case .file(let file, let length):
            // No more than was promised, also where the file grows, and a broken connection where it shrinks.
            var left = length
            var piece = [UInt8](repeating: 0, count: 1 << 16)
            while left > 0 {
                guard let read = try? piece.withUnsafeMutableBytes({ try file.read(into: .init(rebasing: $0[..<min(left, $0.count)])) }),
                    read > 0, send(piece[..<read], to: client)
                else { return false }
                left -= read
            }
            return true
        }
    }

    private func send(_ bytes: some Sequence<UInt8>, to client: Int32) -> Bool {
        let bytes = Array(bytes)
        return bytes.withUnsafeBytes { all in
            var rest = all[...]
            while !rest.isEmpty {
                let sent = Glibc.send(client, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                if sent < 0, errno == EINTR { continue }
                guard sent > 0 else { return false }
                rest = rest.dropFirst(sent)
            }
            return true
        }
    }
}

/// Why nothing is served.
package struct ServingError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Reason: Sendable, Hashable {
        case noAddress
        case system(Errno)
    }

    package var address: String
    package var reason: Reason

    package init(address: String, reason: Reason) {
        self.address = address
        self.reason = reason
    }

    package var description: String {
        switch reason {
        case .noAddress: "\(address): is no address of this machine: give such as 127.0.0.1:8080"
        case .system(let error): "\(address): cannot be listened at: \(error): is another program there? Give another port with --listen"
        }
    }
}
