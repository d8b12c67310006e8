import Synchronization

/// One place an index, filled by several threads.
final class SharedResults<Value: Sendable>: Sendable {
    private let storage: Mutex<[Value]>

    init(repeating value: Value, count: Int) {
        storage = Mutex(Array(repeating: value, count: count))
    }

    subscript(index: Int) -> Value {
        get { storage.withLock { $0[index] } }
        set { storage.withLock { $0[index] = newValue } }
    }

    var values: [Value] { storage.withLock { $0 } }
}
