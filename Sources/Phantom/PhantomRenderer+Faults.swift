import CPhantom

extension PhantomRenderer {
    /// Where anatomy of the truth lies in the faulty image, less its place: three planes (R, A, S), mm.
    public func residualDisplacement(slice k: Int, workspace: PhantomWorkspace) -> [[Float]] {
        precondition(workspace.width == grid.dimensions.x && workspace.height == grid.dimensions.y)
        let n = workspace.pixels
        guard let residual = subject.residual else { return (0..<3).map { _ in [Float](repeating: 0, count: n) } }
        var slice = workspace.slice()
        slice.di = (Float(grid.stepI.x), Float(grid.stepI.y), Float(grid.stepI.z))
        slice.dj = (Float(grid.stepJ.x), Float(grid.stepJ.y), Float(grid.stepJ.z))
        let origin = grid.world(0, 0, Double(k))
        slice.origin = (Float(origin.x), Float(origin.y), Float(origin.z))
        let planes = [workspace.plane(.ct), workspace.plane(.mr), workspace.plane(.ctTexture)]
        Residual.with(residual) { field in
            cp_residual_displacement(&slice, &field, planes[0], planes[1], planes[2], workspace.lattice)
        }
        return planes.map { Array(UnsafeBufferPointer(start: $0, count: n)) }
    }

    /// Blurs the images and adds noise and bias in the body, as the case's faults say.
    func spoil(_ result: inout PhantomSlice, slice k: Int, _ workspace: PhantomWorkspace) {
        let faults = subject.faults
        guard faults.blurMM > 0 || faults.noise > 0 || faults.bias != 0 else { return }
        if !result.ct.isEmpty { spoil(&result.ct, faults, salt: UInt64(k) &* 2, floor: -1024, workspace) }
        if !result.mr.isEmpty { spoil(&result.mr, faults, salt: UInt64(k) &* 2 &+ 1, floor: 0, workspace) }
    }

    private func spoil(
        _ image: inout [Int16], _ faults: PhantomFaults, salt: UInt64, floor: Float, _ workspace: PhantomWorkspace
    ) {
        let n = workspace.pixels
        let values = workspace.plane(.ct)
        let noise = workspace.plane(.mr)
        for i in 0..<n { values[i] = Float(image[i]) }
        if faults.blurMM > 0 {
            let spacing = grid.spacingMM
            let i = Acquisition.gaussian(max(0.05, faults.blurMM / spacing.x))
            let j = Acquisition.gaussian(max(0.05, faults.blurMM / spacing.y))
            cp_convolve(
                values, workspace.plane(.ctTexture), workspace.plane(.mrTexture), Int32(workspace.width),
                Int32(workspace.height), i, Int32(i.count), j, Int32(j.count))
            values.update(from: workspace.plane(.ctTexture), count: n)
        }
        cp_gaussians(cp_hash(noiseKey, 0xFA17 &+ salt), 0, Int64(n), noise)
        // The structure map is that of the slice just painted: 0 is air.
        let structure = workspace.bytePlane(0)
        let (gain, bias) = (Float(faults.noise), Float(faults.bias))
        for i in 0..<n {
            var v = values[i]
            if structure[i] != 0 { v += bias + gain * noise[i] }
            v = max(floor, min(32767, v))
            image[i] = Int16(v + (v < 0 ? -0.5 : 0.5))
        }
    }
}
