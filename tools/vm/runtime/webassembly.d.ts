// The part of the JavaScript API of WebAssembly that the VM needs. TypeScript declares it only in its DOM library, which
// host code does not use.
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
