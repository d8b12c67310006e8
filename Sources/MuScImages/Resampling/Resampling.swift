import CImageCodecs

/// Resamples interleaved 8-bit channels; a side that keeps its length is not filtered.
func resample(
    _ samples: [UInt8], width: Int, height: Int, channels: Int, newWidth: Int, newHeight: Int,
    filter: ResamplingFilter
) -> [UInt8] {
    // The kernels trust these numbers.
    precondition(newWidth > 0 && newHeight > 0 && samples.count == width * height * channels)
    let columnWeights =
        newHeight == height
        ? nil : ResamplingWeights(inputs: height, outputs: newHeight, filter: filter)
    // Rows that no column's filter reaches need not be resampled.
    let rows = columnWeights?.usedInputs ?? 0..<height
    var narrowed = samples
    var firstRow = 0
    if newWidth != width {
        firstRow = rows.lowerBound
        let weights = ResamplingWeights(inputs: width, outputs: newWidth, filter: filter)
        narrowed = weights.withKernelWeights { weights in
            resampledRows(
                samples, rows: rows, width: width, newWidth: newWidth, channels: channels, weights: weights)
        }
    }
    guard let columnWeights else { return narrowed }
    return columnWeights.withKernelWeights { weights in
        let rowBytes = newWidth * channels
        return [UInt8](unsafeUninitializedCapacity: rowBytes * newHeight) { output, count in
            narrowed.withUnsafeBufferPointer { input in
                withUnsafePointer(to: weights) {
                    musc_resample_columns(
                        input.baseAddress, rowBytes, Int32(firstRow), $0, output.baseAddress, newHeight)
                }
            }
            count = rowBytes * newHeight
        }
    }
}

private func resampledRows(
    _ samples: [UInt8], rows: Range<Int>, width: Int, newWidth: Int, channels: Int,
    weights: borrowing musc_resampling_weights
) -> [UInt8] {
    withUnsafePointer(to: weights) { weights in
        let scratchSize = musc_resample_scratch_size(width, Int32(channels), weights, newWidth)
        let count = rows.count * newWidth * channels
        return [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
            samples.withUnsafeBufferPointer { input in
                // Aligned for the vectors of 32-bit weights that it starts with.
                withUnsafeTemporaryAllocation(byteCount: scratchSize, alignment: 64) { scratch in
                    let start = input.baseAddress.map { $0 + rows.lowerBound * width * channels }
                    musc_resample_rows(
                        start, width, rows.count, Int32(channels), weights, output.baseAddress, newWidth,
                        scratch.baseAddress)
                }
            }
            initialized = count
        }
    }
}
