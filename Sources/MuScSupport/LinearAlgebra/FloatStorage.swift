/// A block of floats, aligned to 64 bytes, that is written once while it is made and only read afterwards.
///
/// `@unchecked Sendable` holds because the memory is reachable for writing only inside `init`, before any other
/// thread can hold a reference.
package final class FloatStorage: @unchecked Sendable {
    /// The number of floats.
    package let count: Int
    /// The first float; valid as long as this object lives.
    package let pointer: UnsafePointer<Float>

    /// Allocates `count` floats, which `fill` must write.
    ///
    /// - Throws: What `fill` throws; the memory is then released.
    package init<E: Error>(count: Int, fill: (UnsafeMutableBufferPointer<Float>) throws(E) -> Void) throws(E) {
        let raw = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
        let floats = raw.bindMemory(to: Float.self, capacity: count)
        do {
            try fill(UnsafeMutableBufferPointer(start: floats, count: count))
        } catch {
            raw.deallocate()
            throw error
        }
        self.count = count
        self.pointer = UnsafePointer(floats)
    }

    /// Copies the floats of an array.
    package convenience init(_ values: [Float]) {
        self.init(count: values.count) { buffer in
            _ = buffer.initialize(from: values)
        }
    }

    deinit {
        UnsafeMutableRawPointer(mutating: pointer).deallocate()
    }
}
