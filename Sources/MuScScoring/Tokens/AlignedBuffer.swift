/// Uninitialised memory for trivial elements, aligned to a cache line; its maker releases it.
struct AlignedBuffer<Element: BitwiseCopyable> {
    let pointer: UnsafeMutablePointer<Element>

    init(count: Int) {
        let raw = UnsafeMutableRawPointer.allocate(
            byteCount: max(count, 1) * MemoryLayout<Element>.stride, alignment: 64)
        pointer = raw.bindMemory(to: Element.self, capacity: max(count, 1))
    }

    init(count: Int, repeating value: Element) {
        self.init(count: count)
        pointer.initialize(repeating: value, count: count)
    }

    func deallocate() {
        UnsafeMutableRawPointer(pointer).deallocate()
    }
}
