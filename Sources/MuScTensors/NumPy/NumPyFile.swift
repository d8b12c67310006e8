/// One array in NumPy's `.npy` format, versions 1 to 3, in C or Fortran order.
///
/// The format is described in `numpy/lib/format.py`: a magic, the length of a header, the header as a Python dictionary
/// of three entries, then the numbers.
struct NumPyFile {
    let array: StoredTensor

    static func recognises(_ file: MappedFile) -> Bool {
        file.count >= 10 && file.withUnsafeBytes(0..<6) { $0.elementsEqual([0x93] + "NUMPY".utf8) }
    }

    /// - Parameter range: Where the array lies in the file; nil for all of it.
    init(file: MappedFile, range: Range<Int>? = nil) throws(TensorFileError) {
        let range = range ?? 0..<file.count
        let bytes = LittleEndianBytes(file: file)
        guard range.count >= 12, file.withUnsafeBytes(range, { $0.prefix(6).elementsEqual([0x93] + "NUMPY".utf8) })
        else {
            throw bytes.malformed("no array of NumPy's at byte \(range.lowerBound)")
        }
        let isFirstVersion = try bytes.uint16(range.lowerBound + 6) & 0xff == 1
        let headerLength =
            isFirstVersion ? Int(try bytes.uint16(range.lowerBound + 8)) : Int(try bytes.uint32(range.lowerBound + 8))
        let headerStart = range.lowerBound + (isFirstVersion ? 10 : 12)
        guard headerLength <= 65536, headerStart + headerLength <= range.upperBound else {
            throw bytes.truncated("the header of \(headerLength) bytes does not end inside the array")
        }
        let header = bytes.text(headerStart..<headerStart + headerLength)
        let numbers = TensorBytes.mapped(file, headerStart + headerLength..<range.upperBound)
        array = try Self.array(header, numbers, bytes)
    }

    private static func array(
        _ header: String, _ numbers: TensorBytes, _ bytes: LittleEndianBytes
    ) throws(TensorFileError) -> StoredTensor {
        guard let code = value(of: "descr", in: header).flatMap({ $0.wholeMatch(of: /'([^']*)'/) })?.1,
            let order = value(of: "fortran_order", in: header),
            let extents = value(of: "shape", in: header).flatMap({ $0.wholeMatch(of: /\((.*)\)/) })?.1
        else { throw bytes.malformed("the array's header is \(header.quotedForPeople)") }
        var heap = PickleHeap()
        var shape: [Int] = []
        for extent in extents.split(separator: ",") {
            guard let number = Int(extent.filter { $0 != " " && $0 != "L" }) else {
                throw bytes.malformed("the array's shape is \(extents.description.quotedForPeople)")
            }
            shape.append(number)
        }
        do throws(PickleConstructor.Fault) {
            guard case .numberType(let type) = try PickleConstructor.numberType.build([.text(String(code))], &heap)
            else {
                throw .malformed("a type was expected")
            }
            return try PickleConstructor.array(type, shape, isColumnMajor: order == "True", numbers)
        } catch {
            switch error {
            case .malformed(let what): throw bytes.malformed(what)
            case .unsupported(let what): throw bytes.unsupported(what)
            }
        }
    }

    /// The text of an entry of the header's dictionary.
    private static func value(of key: String, in header: String) -> Substring? {
        guard let start = header.firstRange(of: "'\(key)':")?.upperBound else { return nil }
        let rest = header[start...].drop { $0 == " " }
        let end =
            rest.first == "(" ? rest.firstIndex(of: ")").map(rest.index(after:)) : rest.firstIndex { ",}".contains($0) }
        return end.map { rest[..<$0] }
    }
}
