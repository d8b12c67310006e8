/// The 8-connected regions of the pixels that are `inside`, each as the pixels that flooding reaches: the definition, for
/// comparison with what is quicker.
package func floodedRegions(width: Int, height: Int, inside: (Int) -> Bool) -> [[Int]] {
    var seen = [Bool](repeating: false, count: width * height)
    var regions: [[Int]] = []
    for start in seen.indices where inside(start) && !seen[start] {
        var region: [Int] = []
        var waiting = [start]
        seen[start] = true
        while let pixel = waiting.popLast() {
            region.append(pixel)
            for y in max(0, pixel / width - 1)...min(height - 1, pixel / width + 1) {
                for x in max(0, pixel % width - 1)...min(width - 1, pixel % width + 1)
                where inside(y * width + x) && !seen[y * width + x] {
                    seen[y * width + x] = true
                    waiting.append(y * width + x)
                }
            }
        }
        regions.append(region)
    }
    return regions
}
