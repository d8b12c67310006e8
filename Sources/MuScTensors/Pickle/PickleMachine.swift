/// Reads a Python pickle that holds tensors and plain values, and refuses any other.
///
/// A pickle is a program for a small stack machine, whose instructions are described in Python's `pickletools`. The
/// instructions that import and call are where a hostile pickle runs code. Here an import is looked up in a fixed list of
/// names (``PickleConstructor``), and a call builds one of the values of that list; there is nothing else to call.
struct PickleMachine {
    private let file: MappedFile
    private let end: Int
    private var position: Int
    /// Gives the bytes of a PyTorch storage by its key; nil where the file has no storages.
    private let storage: ((String) throws(TensorFileError) -> TensorBytes)?

    private var heap = PickleHeap()
    private var stack: [PickleValue] = []
    /// The stack's heights at which open marks stand.
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]

    /// A network of a thousand tensors takes some 50,000 instructions; this bounds time and memory.
    private static let mostInstructions = 2_000_000

    /// - Parameters:
    ///   - range: The pickle's bytes in the file.
    ///   - storage: Gives the bytes of a PyTorch storage by its key.
    init(
        file: MappedFile, range: Range<Int>, storage: ((String) throws(TensorFileError) -> TensorBytes)? = nil
    ) {
        self.file = file
        position = range.lowerBound
        end = range.upperBound
        self.storage = storage
    }

    /// Runs the pickle to its end.
    ///
    /// - Throws: ``TensorFileError``: `refused` where it asks for anything but tensors and plain values.
    mutating func run() throws(TensorFileError) -> (value: PickleValue, heap: PickleHeap) {
        for _ in 0..<Self.mostInstructions {
            let opcode: UInt8 = try number()
            if opcode == UInt8(ascii: ".") { return (try pop(), heap) }
            try execute(opcode)
        }
        throw refused("a pickle of more than \(Self.mostInstructions) instructions")
    }

    private mutating func execute(_ opcode: UInt8) throws(TensorFileError) {
        switch opcode {
        case 0x80: _ = try number() as UInt8 // PROTO
        case 0x95: _ = try number() as UInt64 // FRAME

        // Plain values.
        case UInt8(ascii: "N"): stack.append(.none)
        case 0x88: stack.append(.bool(true))
        case 0x89: stack.append(.bool(false))
        case UInt8(ascii: "J"): stack.append(.integer(Int(try number() as Int32)))
        case UInt8(ascii: "K"): stack.append(.integer(Int(try number() as UInt8)))
        case UInt8(ascii: "M"): stack.append(.integer(Int(try number() as UInt16)))
        case 0x8a: stack.append(try longInteger(length: Int(try number() as UInt8)))
        case 0x8b: stack.append(try longInteger(length: try length(UInt32.self)))
        case UInt8(ascii: "G"): stack.append(.real(Double(bitPattern: (try number() as UInt64).byteSwapped)))
        case UInt8(ascii: "I"), UInt8(ascii: "L"): stack.append(try decimal(line()))
        case UInt8(ascii: "F"): stack.append(.real(Double(try line()) ?? .nan))
        case UInt8(ascii: "V"): stack.append(.text(try line()))
        case UInt8(ascii: "S"): stack.append(.text(String(try line().dropFirst().dropLast())))
        case 0x8c: stack.append(.text(try text(length(UInt8.self))))
        case UInt8(ascii: "X"): stack.append(.text(try text(length(UInt32.self))))
        case 0x8d: stack.append(.text(try text(length(UInt64.self))))
        case UInt8(ascii: "U"): stack.append(.bytes(try bytes(length(UInt8.self))))
        case UInt8(ascii: "T"), UInt8(ascii: "B"): stack.append(.bytes(try bytes(length(UInt32.self))))
        case UInt8(ascii: "C"): stack.append(.bytes(try bytes(length(UInt8.self))))
        case 0x8e, 0x96: stack.append(.bytes(try bytes(length(UInt64.self))))

        // Containers.
        case UInt8(ascii: "("):
            marks.append(stack.count)
        case UInt8(ascii: ")"): stack.append(heap.add(.tuple([])))
        case UInt8(ascii: "t"): stack.append(heap.add(.tuple(try popToMark())))
        case 0x85...0x87:
            let elements = try pop(count: Int(opcode - 0x84))
            stack.append(heap.add(.tuple(elements)))
        case UInt8(ascii: "]"), 0x8f: stack.append(heap.add(.list([])))
        case UInt8(ascii: "l"), 0x91: stack.append(heap.add(.list(try popToMark())))
        case UInt8(ascii: "}"): stack.append(heap.add(.dictionary([])))
        case UInt8(ascii: "d"):
            let items = try popToMark()
            let dictionary = heap.add(.dictionary([]))
            try setItems(dictionary, items)
            stack.append(dictionary)
        case UInt8(ascii: "a"): try append(pop(count: 1), to: top())
        case UInt8(ascii: "e"), 0x90: try append(popToMark(), to: top())
        case UInt8(ascii: "s"): try setItems(afterPop: pop(count: 2))
        case UInt8(ascii: "u"): try setItems(afterPop: popToMark())

        // The stack and the memo.
        case UInt8(ascii: "0"):
            if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
        case UInt8(ascii: "1"): _ = try popToMark()
        case UInt8(ascii: "2"): stack.append(try top())
        case UInt8(ascii: "q"): memo[Int(try number() as UInt8)] = try top()
        case UInt8(ascii: "r"): memo[Int(try number() as UInt32)] = try top()
        case UInt8(ascii: "p"): memo[try memoIndex()] = try top()
        case 0x94: memo[memo.count] = try top()
        case UInt8(ascii: "h"): stack.append(try recall(Int(try number() as UInt8)))
        case UInt8(ascii: "j"): stack.append(try recall(Int(try number() as UInt32)))
        case UInt8(ascii: "g"): stack.append(try recall(memoIndex()))

        // Names and what is built from them.
        case UInt8(ascii: "c"):
            let (module, name) = (try line(), try line())
            stack.append(try global(module, name))
        case 0x93:
            let parts = try pop(count: 2)
            guard case .text(let module) = parts[0], case .text(let name) = parts[1] else {
                throw malformed("an import without a name")
            }
            stack.append(try global(module, name))
        case UInt8(ascii: "R"), 0x81:
            let call = try pop(count: 2)
            stack.append(try build(call[0], arguments: call[1]))
        case UInt8(ascii: "b"):
            let state = try pop()
            let object = try pop()
            stack.append(try setState(object, state))
        case UInt8(ascii: "Q"): stack.append(try persistent(pop()))
        default: throw refused("the pickle instruction \(opcode) at byte \(position - 1)")
        }
    }
}

// MARK: - Names, calls and states

extension PickleMachine {
    private func global(_ module: String, _ name: String) throws(TensorFileError) -> PickleValue {
        let full = "\(module).\(name)"
        guard PickleConstructor(name: full) != nil else { throw refused("it imports \(full.quotedForPeople)") }
        return .global(full)
    }

    private mutating func build(_ callee: PickleValue, arguments: PickleValue) throws(TensorFileError) -> PickleValue {
        guard case .global(let name) = callee, let constructor = PickleConstructor(name: name) else {
            throw refused("it calls \(callee.kind)")
        }
        guard let values = heap.elements(arguments) else {
            throw malformed("a call of \(name.quotedForPeople) without arguments")
        }
        do throws(PickleConstructor.Fault) {
            return try constructor.build(values, &heap)
        } catch {
            throw fault(error, of: name)
        }
    }

    private mutating func setState(_ object: PickleValue, _ state: PickleValue) throws(TensorFileError) -> PickleValue {
        switch object {
        case .container(let index):
            switch heap[index] {
            // Attributes of dictionaries and lists, such as PyTorch's `_metadata`, are versions of modules.
            case .dictionary, .list: return object
            case .object:
                heap[index] = .object(attributes: state)
                return object
            case .array:
                do throws(PickleConstructor.Fault) {
                    heap[index] = .array(try PickleConstructor.array(state: state, heap))
                    return object
                } catch {
                    throw fault(error, of: "numpy.ndarray")
                }
            case .tuple: throw malformed("a tuple is given a state")
            }
        case .numberType(let type):
            do throws(PickleConstructor.Fault) {
                try PickleConstructor.checkByteOrder(state: state, type, heap)
            } catch {
                throw fault(error, of: "numpy.dtype")
            }
            return object
        // A tensor's Python attributes do not change its numbers.
        case .tensor: return object
        default: throw malformed("\(object.kind) is given a state")
        }
    }

    /// PyTorch's reference to a storage: `("storage", type, key, device, count)`.
    private func persistent(_ value: PickleValue) throws(TensorFileError) -> PickleValue {
        guard let storage else { throw refused("it refers to something outside of the pickle") }
        guard let parts = heap.elements(value), parts.count >= 5, case .text("storage") = parts[0],
            case .global(let type) = parts[1], case .text(let key) = parts[2], case .integer(let count) = parts[4]
        else { throw malformed("a reference that is not to a storage") }
        guard case .storageType(let scalarType)? = PickleConstructor(name: type) else {
            throw malformed("\(type.quotedForPeople) is no storage's type")
        }
        let bytes = try storage(key)
        guard count >= 0, let size = checkedProduct(count, scalarType?.size ?? 1), size <= bytes.count else {
            throw TensorFileError(
                path: file.path,
                fault: .truncated(
                    "storage \(key.quotedForPeople) of \(count) numbers takes more than its \(bytes.count) bytes"))
        }
        return .storage(bytes.prefix(size), scalarType)
    }

    private func fault(_ fault: PickleConstructor.Fault, of name: String) -> TensorFileError {
        switch fault {
        case .malformed(let what): malformed("\(name): \(what)")
        case .unsupported(let what): TensorFileError(path: file.path, fault: .unsupported(what))
        }
    }
}

// MARK: - Containers and the stack

extension PickleMachine {
    private mutating func append(_ values: [PickleValue], to target: PickleValue) throws(TensorFileError) {
        guard case .container(let index) = target, case .list(var list) = heap[index] else {
            throw malformed("something is appended to \(target.kind)")
        }
        heap[index] = .tuple([]) // so that the list is not copied
        list += values
        heap[index] = .list(list)
    }

    private mutating func setItems(afterPop items: [PickleValue]) throws(TensorFileError) {
        try setItems(try top(), items)
    }

    private mutating func setItems(_ target: PickleValue, _ items: [PickleValue]) throws(TensorFileError) {
        guard case .container(let index) = target, case .dictionary(var pairs) = heap[index], items.count % 2 == 0
        else {
            throw malformed("an entry is put into \(target.kind)")
        }
        heap[index] = .tuple([])
        for item in stride(from: 0, to: items.count, by: 2) { pairs.append((items[item], items[item + 1])) }
        heap[index] = .dictionary(pairs)
    }

    private func top() throws(TensorFileError) -> PickleValue {
        guard let value = stack.last, stack.count > marks.last ?? 0 else {
            throw malformed("the pickle's stack is empty")
        }
        return value
    }

    private mutating func pop() throws(TensorFileError) -> PickleValue {
        let value = try top()
        stack.removeLast()
        return value
    }

    private mutating func pop(count: Int) throws(TensorFileError) -> [PickleValue] {
        guard stack.count - count >= marks.last ?? 0 else { throw malformed("the pickle's stack is empty") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws(TensorFileError) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw malformed("the pickle has no open mark") }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private func recall(_ index: Int) throws(TensorFileError) -> PickleValue {
        guard let value = memo[index] else {
            throw malformed("the pickle refers to its entry \(index), which is not there")
        }
        return value
    }
}

// MARK: - Operands

extension PickleMachine {
    private mutating func take(_ count: Int) throws(TensorFileError) -> Range<Int> {
        guard count >= 0, count <= end - position else {
            throw TensorFileError(
                path: file.path, fault: .truncated("the pickle ends inside a value at byte \(position)"))
        }
        defer { position += count }
        return position..<position + count
    }

    private mutating func number<Number: FixedWidthInteger>() throws(TensorFileError) -> Number {
        let range = try take(MemoryLayout<Number>.size)
        return file.withUnsafeBytes(range) { Number(littleEndian: $0.loadUnaligned(as: Number.self)) }
    }

    private mutating func length<Number: FixedWidthInteger>(_: Number.Type) throws(TensorFileError) -> Int {
        Int(clamping: try number() as Number)
    }

    private mutating func text(_ length: Int) throws(TensorFileError) -> String {
        let range = try take(length)
        return file.withUnsafeBytes(range) { String(decoding: $0, as: UTF8.self) }
    }

    private mutating func bytes(_ length: Int) throws(TensorFileError) -> TensorBytes {
        .mapped(file, try take(length))
    }

    /// The text up to the end of the line, which may be 64 KiB away.
    private mutating func line() throws(TensorFileError) -> String {
        let rest = position..<min(end, position + 0x10000)
        let length = file.withUnsafeBytes(rest) { $0.firstIndex(of: UInt8(ascii: "\n")) }
        guard let length else { throw malformed("a line without an end") }
        let line = try text(length)
        position += 1
        return line
    }

    private mutating func longInteger(length: Int) throws(TensorFileError) -> PickleValue {
        let range = try take(length)
        // PyTorch's old format begins with a number of ten bytes; those that do not fit are kept as what they are: not a size.
        guard length <= 8 else { return .none }
        return file.withUnsafeBytes(range) { raw in
            var value: UInt64 = raw.last.map { $0 >= 0x80 } == true ? .max : 0
            for byte in raw.reversed() { value = value << 8 | UInt64(byte) }
            return .integer(Int(bitPattern: UInt(value)))
        }
    }

    private func decimal(_ line: String) throws(TensorFileError) -> PickleValue {
        if line == "00" || line == "01" { return .bool(line == "01") }
        guard let value = Int(line.hasSuffix("L") ? String(line.dropLast()) : line) else {
            throw malformed("\(line.quotedForPeople) is no integer")
        }
        return .integer(value)
    }

    private mutating func memoIndex() throws(TensorFileError) -> Int {
        guard case .integer(let index) = try decimal(line()) else { throw malformed("an entry without a number") }
        return index
    }

    private func malformed(_ what: String) -> TensorFileError {
        TensorFileError(path: file.path, fault: .malformed("\(what) (pickle, before byte \(position))"))
    }

    private func refused(_ what: String) -> TensorFileError { TensorFileError(path: file.path, fault: .refused(what)) }
}
