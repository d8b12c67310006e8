/// Spearman's rank correlation of two lists, −1 to 1; ties take their mean rank.
///
/// - Returns: nil where a list has fewer than two values or all are equal.
package func rankCorrelation(_ a: [Float], _ b: [Float]) -> Double? {
    guard a.count == b.count, a.count > 1 else { return nil }
    let (first, second) = (ranks(a), ranks(b))
    let mean = Double(a.count - 1) / 2
    var covariance = 0.0, varianceA = 0.0, varianceB = 0.0
    for (x, y) in zip(first, second) {
        covariance += (x - mean) * (y - mean)
        varianceA += (x - mean) * (x - mean)
        varianceB += (y - mean) * (y - mean)
    }
    guard varianceA > 0, varianceB > 0 else { return nil }
    return covariance / (varianceA * varianceB).squareRoot()
}

/// Positions in ascending order, from 0; equal values share the mean of theirs.
private func ranks(_ values: [Float]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
        var end = start + 1
        while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
        for position in start..<end { ranks[order[position]] = Double(start + end - 1) / 2 }
        start = end
    }
    return ranks
}
