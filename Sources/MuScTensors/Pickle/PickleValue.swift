/// What a restricted pickle can hold: plain values, tensors, and containers of them.
///
/// Containers are numbers into a ``PickleHeap``, because pickles share and nest them freely, circles included.
enum PickleValue {
    case none
    case bool(Bool)
    case integer(Int)
    case real(Double)
    case text(String)
    case bytes(TensorBytes)
    case tensor(StoredTensor)
    /// The numbers behind tensors of a PyTorch file; the type is nil where only the tensors say it.
    case storage(TensorBytes, ScalarType?)
    /// A NumPy element type, once its byte order is known.
    case numberType(ScalarType)
    /// A name of a class or function from the list of those that are known; nothing is ever called.
    case global(String)
    /// A list, tuple, set, dictionary or object.
    case container(Int)

    /// What it is, for error messages.
    var kind: String {
        switch self {
        case .none: "None"
        case .bool: "a truth value"
        case .integer: "an integer"
        case .real: "a number"
        case .text: "a text"
        case .bytes: "bytes"
        case .tensor: "a tensor"
        case .storage: "a storage"
        case .numberType: "a number type"
        case .global(let name): name.quotedForPeople
        case .container: "a container"
        }
    }
}

/// The containers of one pickle.
struct PickleHeap {
    enum Container {
        /// A list or a set.
        case list([PickleValue])
        case tuple([PickleValue])
        case dictionary([(key: PickleValue, value: PickleValue)])
        /// A NumPy array; nil until its state is set.
        case array(StoredTensor?)
        /// An object of PyTorch's TorchScript, of which only the attributes are kept.
        case object(attributes: PickleValue)
    }

    private var containers: [Container] = []

    subscript(index: Int) -> Container {
        get { containers[index] }
        _modify { yield &containers[index] }
    }

    mutating func add(_ container: Container) -> PickleValue {
        containers.append(container)
        return .container(containers.count - 1)
    }

    /// The elements of a tuple or list; nil for anything else.
    func elements(_ value: PickleValue) -> [PickleValue]? {
        guard case .container(let index) = value else { return nil }
        switch containers[index] {
        case .tuple(let elements), .list(let elements): return elements
        default: return nil
        }
    }

    /// The integers of a tuple or list; nil for anything else.
    func integers(_ value: PickleValue) -> [Int]? {
        guard let elements = elements(value) else { return nil }
        var result: [Int] = []
        for element in elements {
            guard case .integer(let integer) = element else { return nil }
            result.append(integer)
        }
        return result
    }

    /// All tensors below `root`, in order, with the keys that lead to each.
    ///
    /// A container that is reached twice counts where it is reached first, so circles end.
    func tensors(in root: PickleValue) -> [(keys: [String], tensor: StoredTensor)] {
        var found: [(keys: [String], tensor: StoredTensor)] = []
        var visited: Set<Int> = []
        // A stack of our own: files may nest deeper than the thread's stack allows.
        var open: [(keys: [String], value: PickleValue)] = [([], root)]
        while let (keys, value) = open.popLast() {
            if case .tensor(let tensor) = value { found.append((keys, tensor)) }
            guard case .container(let index) = value, visited.insert(index).inserted, keys.count < 64 else { continue }
            let children: [(String, PickleValue)] =
                switch containers[index] {
                case .list(let elements), .tuple(let elements): elements.enumerated().map { ("\($0)", $1) }
                case .dictionary(let pairs): pairs.compactMap { pair in Self.key(pair.key).map { ($0, pair.value) } }
                case .object(let attributes): [("", attributes)]
                case .array(let tensor): tensor.map { [("", .tensor($0))] } ?? []
                }
            for (key, child) in children.reversed() { open.append((key.isEmpty ? keys : keys + [key], child)) }
        }
        return found
    }

    private static func key(_ value: PickleValue) -> String? {
        switch value {
        case .text(let text): text
        case .integer(let integer): "\(integer)"
        default: nil
        }
    }
}
