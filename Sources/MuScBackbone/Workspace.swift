import CKernels

/// Buffers for one image on its way through the network.
///
/// `@unchecked Sendable` holds because a workspace is handed from the pool to one thread at a time.
final class Workspace: @unchecked Sendable {
    /// Rows of a buffer: elements of a row, and from one row to the next.
    struct Rows {
        let pointer: UnsafeMutableRawPointer
        let stride: Int
        /// One scale a row, where the elements are 8-bit integers.
        var scales: UnsafeMutablePointer<Float>?
    }

    /// The residual stream, fp32.
    let tokens: Rows
    /// What goes into and comes out of products, in their precision.
    let normalised, qkv, attended, hidden: Rows
    /// What LayerNorm and attention give, as 8-bit integers; nil where these are not used.
    let normalisedBytes, attendedBytes: Rows?
    /// The patches' pixels, fp32.
    let pixels: Rows
    /// Scratch memory of attention.
    let scratch: UnsafeMutableRawPointer
    let attention: musc_attention
    private let all: [UnsafeMutableRawPointer]

    init(for model: VisionTransformer) {
        let description = model.description
        let (width, patches) = (description.width, model.gridWidth * model.gridHeight)
        let length = 1 + description.registers + patches
        let element = musc_element_size(model.kernelPrecision)
        var all: [UnsafeMutableRawPointer] = []
        func bytes(_ count: Int) -> UnsafeMutableRawPointer {
            let pointer = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 64)
            all.append(pointer)
            return pointer
        }
        func rows(_ count: Int, of columns: Int, element: Int) -> Rows {
            // Rows a multiple of 4 KiB apart would share a few cache sets.
            let stride = columns % 1024 == 0 ? columns + 32 : columns
            return Rows(pointer: bytes(count * stride * element), stride: stride)
        }
        attention = musc_attention(
            precision: model.kernelPrecision, length: length, queries: length, heads: description.heads,
            head_width: width / description.heads)
        tokens = rows(length, of: width, element: 4)
        func byteRows(_ count: Int, of columns: Int) -> Rows {
            var rows = rows(count, of: (columns + 3) / 4 * 4, element: 1)
            rows.scales = bytes(4 * count).bindMemory(to: Float.self, capacity: count)
            return rows
        }
        let usesInt8 = model.precision == .fastest
        normalised = rows(length, of: width, element: element)
        normalisedBytes = usesInt8 ? byteRows(length, of: width) : nil
        attendedBytes = usesInt8 ? byteRows(length, of: width) : nil
        qkv = rows(length, of: 3 * width, element: element)
        attended = rows(length, of: width, element: element)
        // A gated layer writes groups of 16.
        hidden = rows(length, of: (description.mlpWidth + 15) / 16 * 16, element: element)
        pixels = rows(patches, of: 3 * description.patch * description.patch, element: 4)
        scratch = withUnsafePointer(to: attention) { bytes(musc_attention_scratch_size($0)) }
        self.all = all
    }

    deinit {
        for buffer in all { buffer.deallocate() }
    }
}
