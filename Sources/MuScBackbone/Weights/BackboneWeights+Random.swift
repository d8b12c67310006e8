import MuScTensors

extension BackboneWeights {
    /// Writes a file of random weights in the backbone's full size: for what time and memory it takes, not for scores.
    ///
    /// LayerNorms and LayerScale pass values on, and products are small, so that numbers stay in the range that trained
    /// weights keep them in.
    ///
    /// - Throws: What writing the file throws.
    package static func writeRandom(for description: BackboneDescription, to path: String) throws {
        var generator = SystemRandomNumberGenerator()
        // A prime number of values, repeated: making 300 million of them would take longer than using them.
        let tile = (0..<65_537).map { _ in Float.random(in: -0.03...0.03, using: &generator) }
        var writer = SafetensorsWriter()
        for (name, shape) in description.tensorShapes {
            let count = shape.reduce(1, *)
            let passesOn = shape.count == 1 && (name.contains("norm") || name.contains("ls")) && !name.hasSuffix("bias")
            let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialised in
                for index in 0..<count {
                    buffer.initializeElement(at: index, to: (passesOn ? 1 : 0) + tile[index % tile.count])
                }
                initialised = count
            }
            writer.add(name, values, shape: shape)
        }
        try writer.write(to: path)
    }
}
