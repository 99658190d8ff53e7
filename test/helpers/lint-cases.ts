// For each trap of the DeviceScript runtime: code that is right, and code that has it.
import type { Cases } from "./rule-tester.js"

const BYTES = "declare const bytes: Buffer; "
const LIST = "declare const list: number[]; "

export const CASES: Record<string, Cases> = {
    "await-directly": {
        good: [
            "async function f() {} async function g() { await f() }",
            "async function f() {} f.start()",
            "async function f() { return 1 } async function g() { return await f() }",
        ],
        bad: [
            "async function f() {} function g() { f() }",
            "async function f() {} const kept = f()",
            "async function f() { return 1 } async function g() { return f() }",
            "async function f() { return 1 } const g = () => f()",
        ],
    },
    "no-truthy-time": {
        good: [
            "declare const lostMs: number; if (lostMs > 0) f()",
            "declare const life: { lostMs: number }; const spent = life.lostMs !== 0 ? 1 : 2",
            "declare const tries: number; if (!tries) f()",
        ],
        bad: [
            "declare const lostMs: number; if (lostMs) f()",
            "declare const life: { lostMs: number }; if (!life.lostMs) f()",
            "declare const sentMs: number; const dueMs = sentMs ? sentMs + 1 : 0",
            "declare const sentMs: number; while (sentMs) f()",
            "declare const retryAfterSec: number; const sec = retryAfterSec || 2",
            "function nowSec() { return 0 } if (!nowSec()) f()",
        ],
    },
    "fiber-root-catch": {
        good: [
            "async function runGuarded(life: () => Promise<void>) {} async function run() {} runGuarded.start(run)",
            "function beat() { try { g() } catch (e) { console.log(e) } } beat.start()",
            "async function beat() { for (;;) { try { g() } catch (e) { console.log(e) } } } beat.start()",
            "async function beat() { while (true) try { g() } catch {} } beat.start()",
            "setTimeout(() => { try { g() } catch (e) {} }, 10)",
            "setTimeout(() => runGuarded(g), 10)",
            "const watch = { start(ms: number) {} }; watch.start(1)",
            // Written in another file.
            'import { runGuarded } from "../devs/agent/supervisor"; runGuarded.start(g)',
        ],
        bad: [
            "async function run() { g() } run.start()",
            "setTimeout(() => { g() }, 10)",
            "setInterval(async () => { g() }, 10)",
            "declare const button: { subscribe(f: () => void): void }; button.subscribe(() => { g() })",
            // The catch lets it out again; the last statement or the condition stands outside.
            "function run() { try { g() } catch (e) { throw e } } run.start()",
            "function run() { try { g() } catch (e) {} g() } run.start()",
            "function run() { try { g() } finally { g() } } run.start()",
            "function run() { while (g()) { try { g() } catch (e) {} } } run.start()",
            // Nobody can see what it is, or it stands in another file.
            "function run(life: () => Promise<void>) { life.start() }",
            'import { pause } from "../devs/agent/supervisor"; pause.start(10)',
        ],
    },
    "max-call-arguments": {
        good: ["f(1, 2, 3, 4, 5, 6, 7, 8)", 'console.log("a", b, c, d, e, f, g, h)'],
        bad: [
            "f(1, 2, 3, 4, 5, 6, 7, 8, 9)",
            "new F(1, 2, 3, 4, 5, 6, 7, 8, 9)",
            'console.log("a", b, c, d, e, f, g, h, i)',
        ],
    },
    "max-template-holes": {
        good: ["const t = `${a}${b}${c}${d}${e}${f}${g}`"],
        bad: ["const t = `${a}${b}${c}${d}${e}${f}${g}${h}`"],
    },
    "no-broken-import": {
        good: [
            'import { uptime } from "@devicescript/runtime"',
            'import { Socket } from "@devicescript/net"',
            'import type { MQTTClient } from "@devicescript/net"',
        ],
        bad: [
            'import { encodeURIComponent } from "@devicescript/runtime"',
            'import { encodeURIComponent as encode } from "@devicescript/runtime"',
            'export { encodeURIComponent } from "@devicescript/runtime"',
            'import * as runtime from "@devicescript/runtime"; runtime.encodeURIComponent("")',
            'import { Map } from "@devicescript/runtime"',
            'import { MQTTClient } from "@devicescript/net"',
            'import { fetch } from "@devicescript/net"',
        ],
    },
    "no-busy-wait": {
        good: [`async function f() { while (ds.millis() < 9) await ds.sleep(1) }`],
        bad: [
            `while (ds.millis() < 9) {}`,
            `for (; ds.millis() < 9; ) f()`,
            `while (ds.millis() < 9) f(async () => { await ds.sleep(1) })`,
        ],
    },
    "no-collection-property": {
        good: [
            `${LIST}list[0] = 1; list[list.length] = 2`,
            `${BYTES}bytes[0] = 1; bytes[0] |= 8`,
            "class Packet { length = 0; reset() { this.length = 0 } }",
            "const o: { [name: string]: number } = {}; o.tag = 1; o['x'] = 2",
        ],
        bad: [
            `${LIST}list.length = 0`,
            `${LIST}list["length"] = 0`,
            `${LIST}list.length--`,
            `${LIST}(list as any).tag = 1`,
            `${BYTES}(bytes as any).tag = 1`,
            `${BYTES}(bytes! as any as { tag: number }).tag = 1`,
            `${BYTES}Object.assign(bytes, { tag: 1 })`,
            "declare const unknown: any; unknown.length = 0",
        ],
    },
    "no-json-stringify": {
        good: ['JSON.parse("1")', "const text = '{\"n\":' + 1 + '}'"],
        bad: ["JSON.stringify({ n: 1 })"],
    },
    "no-loop-closure": {
        good: [
            `${LIST}list.forEach(n => f(() => n))`,
            "let sum = 0; for (let i = 0; i < 3; i++) f(() => sum)",
            "for (let i = 0; i < 3; i++) f((i: number) => i)",
            "for (;;) f((a: number) => { const b = a; return b })",
        ],
        bad: [
            "for (let i = 0; i < 3; i++) f(() => i)",
            `${LIST}for (const n of list) f(() => n)`,
            "while (g()) { const n = 1; f(() => n) }",
            "for (;;) { const n = 1; f(function () { return n }) }",
            "for (let i = 0; i < 3; i++) f(() => () => i)",
        ],
    },
    "no-math-random": { good: ["random()"], bad: ["Math.random()"] },
    "no-negative-insert": {
        good: [`${LIST}list.insert(0, 2)`, `${LIST}if (list.length) list.insert(0, -1)`],
        bad: [`${LIST}list.insert(0, -2)`, `${LIST}const n = 1; list.insert(0, -n)`],
    },
    "no-negative-slice": {
        good: [`${BYTES}bytes.slice(bytes.length - 2)`, '"abc".slice(-2)', `${LIST}list.slice(-2)`],
        bad: [`${BYTES}bytes.slice(-2)`, `${BYTES}bytes.slice(0, -1)`],
    },
    "no-optional-chain-pair": {
        good: ["a?.x", "a?.x.y", "(a?.x)?.y", "f(a?.x, b?.y)", "a?.x[b?.y]"],
        bad: ["a?.x?.y", "a?.x.y?.z", "a?.x?.()", "a?.[0]?.y"],
    },
    "no-parse-int-radix": { good: ['parseInt("12")'], bad: ['parseInt("ff", 16)'] },
    "no-replaced-module": {
        good: ['import { connect } from "../devs/socket"', 'import * as ds from "@devicescript/core"'],
        bad: [
            'import { Socket } from "@devicescript/net"',
            'import * as settings from "@devicescript/settings"',
            'export { readSetting } from "@devicescript/settings"',
            'export * from "@devicescript/net"',
        ],
    },
    "no-signed-read": {
        good: [`${BYTES}bytes.readUInt32BE(0) >>> 0`, `${BYTES}bytes.readUInt16BE(0)`],
        bad: [`${BYTES}bytes.readUInt32BE(0)`],
    },
    "no-sleep-zero": {
        good: [`async function f() { await ds.sleep(1) }`],
        bad: [`async function f() { await ds.sleep(0) }`],
    },
    "no-string-order": {
        good: ["1 < 2", '"a" === "b"', 'declare const n: number; n >= "a".charCodeAt(0)'],
        bad: [
            '"a" < "b"',
            "declare const name: string; declare const other: any; name >= other",
            'declare const kind: "a" | "b"; declare const other: any; other <= kind',
            "function f<T extends string>(t: T, other: any) { return t > other }",
        ],
    },
    "no-this-in-arrow": {
        good: [
            "class A { n = 1; f() { const self = this; g(() => self.n) } }",
            "class A { f() { return this } }",
        ],
        bad: ["class A { n = 1; f() { g(() => this.n) } }", "class A { f() { g(() => () => this) } }"],
    },
    "no-top-level-await": {
        good: ["async function f() { await g() }", "const f = async () => { await g() }"],
        bad: ["await g()", "if (a) { await g() }", "const n = await g()"],
    },
    "no-unsupported-syntax": {
        good: [
            "class A { static make() { return new A() } }",
            "class B extends A { constructor() { super() } }",
            "const o = { f: () => 1 }",
            "function f(n = 1) { return n }",
            "for (;;) { if (a) break }",
            "const [a, b] = list; const { c, ...rest } = o",
        ],
        bad: [
            "do { g() } while (a)",
            "class A { static n = 1 }",
            "class B extends A { f() { super.f() } }",
            "new Map()",
            "new Set()",
            "new Uint8Array(4)",
            "new Promise(f)",
            "new Date()",
            "Promise.all(list)",
            "f().then(g)",
            "a ??= 1",
            '"a" in o',
            "void 0",
            "const n = 1 satisfies number",
            "const r = /a/",
            "const n = 1n",
            'import("./a")',
            "function* f() { yield 1 }",
            "function f() { class A {} }",
            "const A = class {}",
            "class A { get n() { return 1 } }",
            "class A { #n = 1 }",
            "const o = { f() {} }",
            "const o = { get f() { return 1 } }",
            "const { a = 1 } = o",
            "const [a = 1] = list",
            "function f() { again: for (;;) { break again } }",
            "namespace N { export const a = 1 }",
        ],
    },
    "pair-math-extremes": {
        good: ["Math.max(1, 2)", "Math.min(Math.max(1, 2), 3)"],
        bad: ["Math.max(1, 2, 3)", "Math.min(1)", "Math.max(...list)"],
    },
    "recv-timeout": {
        good: ["async function f() { await socket.recv(5000) }"],
        bad: ["async function f() { await socket.recv() }"],
    },
    "round-before-text": {
        good: [
            "const t = `${Math.round(a / 2)}`",
            'const t = "" + 3',
            "const n = a / 2 + 1",
            "JSON.stringify({ t: Math.round(a / 2) })",
        ],
        bad: [
            "const t = `${a / 2}`",
            'const t = "t=" + 0.1',
            'const t = 0.5 * n + "s"',
            "JSON.stringify({ t: [a / 2] })",
        ],
    },
    "sort-comparator": {
        good: [`${LIST}list.sort((a, b) => a - b)`],
        bad: [`${LIST}list.sort()`],
    },
}
