/// Partial ordering as the C++ standard library's `nth_element` does it.
///
/// The reference keeps the largest similarities of a row through PyTorch's `topk`, which rests on libstdc++'s
/// introselect. Where similarities are equal, and in half precision many are, which of them is kept follows from
/// that algorithm's moves alone; so the moves are the same here.
///
/// Source: Musser, "Introspective sorting and selection algorithms", 1997, in libstdc++'s form (median of three,
/// insertion sort from three elements down).
struct Introselect {
    /// A value and where it came from.
    struct Entry {
        var value: Float
        var index: Int
    }

    private var entries: [Entry]

    /// The indices of the `count` largest of the values, in no order.
    static func largest(_ count: Int, of values: [Float]) -> [Int] {
        guard count < values.count else { return Array(values.indices) }
        guard count > 0 else { return [] }
        var selection = Introselect(entries: values.indices.map { Entry(value: values[$0], index: $0) })
        selection.order(position: values.count - count - 1)
        return selection.entries[(values.count - count)...].map(\.index)
    }

    private func precedes(_ a: Int, _ b: Int) -> Bool { entries[a].value < entries[b].value }

    /// Moves entries so that none before `position` is larger than the one there, and none after it smaller.
    private mutating func order(position: Int) {
        var (first, last) = (0, entries.count)
        var depth = 2 * (Int.bitWidth - 1 - entries.count.leadingZeroBitCount)
        while last - first > 3 {
            if depth == 0 {
                // libstdc++ goes over to a heap here; sorting the rest gives the same values, and inputs that come so
                // far are built to.
                entries[first..<last].sort { $0.value < $1.value }
                return
            }
            depth -= 1
            let cut = partition(first, last)
            if cut <= position { first = cut } else { last = cut }
        }
        insertionSort(first, last)
    }

    private mutating func partition(_ first: Int, _ last: Int) -> Int {
        moveMedian(to: first, first + 1, first + (last - first) / 2, last - 1)
        var (low, high) = (first + 1, last)
        while true {
            while precedes(low, first) { low += 1 }
            high -= 1
            while precedes(first, high) { high -= 1 }
            guard low < high else { return low }
            entries.swapAt(low, high)
            low += 1
        }
    }

    private mutating func moveMedian(to target: Int, _ a: Int, _ b: Int, _ c: Int) {
        let median: Int
        if precedes(a, b) {
            median = precedes(b, c) ? b : (precedes(a, c) ? c : a)
        } else {
            median = precedes(a, c) ? a : (precedes(b, c) ? c : b)
        }
        entries.swapAt(target, median)
    }

    private mutating func insertionSort(_ first: Int, _ last: Int) {
        guard last - first > 1 else { return }
        for position in first + 1..<last {
            let entry = entries[position]
            var hole = position
            while hole > first, entry.value < entries[hole - 1].value {
                entries[hole] = entries[hole - 1]
                hole -= 1
            }
            entries[hole] = entry
        }
    }
}
