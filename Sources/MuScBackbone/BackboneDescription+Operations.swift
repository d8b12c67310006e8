extension BackboneDescription {
    /// Floating-point operations of one image's way through the first blocks, a multiply-add counted as two.
    ///
    /// Products alone: patch embedding, QKV, attention, its projection and the MLP.
    ///
    /// - Parameters:
    ///   - patches: The patches of the grid.
    ///   - blocks: How many blocks are run.
    ///   - endsWithClassToken: Whether the last of them computes the class token alone.
    package func operations(patches: Int, blocks: Int, endsWithClassToken: Bool = false) -> Double {
        let length = Double(1 + registers + patches), width = Double(width)
        let mlpMatrices: Double = feedForward == .gated ? 3 : 2
        /// Of a block in which so many tokens ask: QKV of all, and for these attention, its projection and the MLP.
        func block(_ rows: Double) -> Double {
            2 * length * 3 * width * width
                + rows * (4 * length * width + 2 * width * (width + mlpMatrices * Double(mlpWidth)))
        }
        let embedding = 2 * Double(patches * 3 * patch * patch) * width
        return embedding + Double(blocks - 1) * block(length) + block(endsWithClassToken ? 1 : length)
    }
}
