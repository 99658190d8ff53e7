// The part of WebAssembly's JavaScript API that the VM needs; TypeScript has it
// only in its DOM library, which host code does not load.
declare namespace WebAssembly {
    class Module {
        private readonly brand: "Module"
        constructor(bytes: Uint8Array)
    }
    class Instance {
        readonly exports: Record<string, unknown>
        constructor(module: Module, imports: Record<string, Record<string, (...args: number[]) => unknown>>)
    }
    class Memory {
        readonly buffer: ArrayBuffer
        constructor(pages: { initial: number; maximum: number })
    }
    class RuntimeError extends Error {}
}
