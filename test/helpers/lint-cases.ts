// Valid and invalid code for each device rule.
import type { RuleCases } from "./rule-tester.js"

const BYTES = "declare const bytes: Buffer; "
const LIST = "declare const list: number[]; "

export const CASES: Record<string, RuleCases> = {
    "await-directly": {
        valid: [
            "async function f() {} async function g() { await f() }",
            "async function f() {} f.start()",
            "async function f() { return 1 } async function g() { return await f() }",
        ],
        invalid: [
            "async function f() {} function g() { f() }",
            "async function f() {} const kept = f()",
            "async function f() { return 1 } async function g() { return f() }",
            "async function f() { return 1 } const g = () => f()",
        ],
    },
    "no-truthy-time": {
        valid: [
            "declare const lostMs: number; if (lostMs > 0) f()",
            "declare const life: { lostMs: number }; const spent = life.lostMs !== 0 ? 1 : 2",
            "declare const tries: number; if (!tries) f()",
        ],
        invalid: [
            "declare const lostMs: number; if (lostMs) f()",
            "declare const life: { lostMs: number }; if (!life.lostMs) f()",
            "declare const sentMs: number; const dueMs = sentMs ? sentMs + 1 : 0",
            "declare const sentMs: number; while (sentMs) f()",
            "declare const retryAfterSec: number; const sec = retryAfterSec || 2",
            "function nowSec() { return 0 } if (!nowSec()) f()",
        ],
    },
    "fiber-root-catch": {
        valid: [
            "async function runGuarded(life: () => Promise<void>) {} async function run() {} runGuarded.start(run)",
            "function beat() { try { g() } catch (e) { console.log(e) } } beat.start()",
            "async function beat() { for (;;) { try { g() } catch (e) { console.log(e) } } } beat.start()",
            "async function beat() { while (true) try { g() } catch {} } beat.start()",
            "setTimeout(() => { try { g() } catch (e) {} }, 10)",
            "setTimeout(() => runGuarded(g), 10)",
            "const watch = { start(ms: number) {} }; watch.start(1)",
            // Declared in another file.
            'import { runGuarded } from "../devs/agent/supervisor"; runGuarded.start(g)',
        ],
        invalid: [
            "async function run() { g() } run.start()",
            "setTimeout(() => { g() }, 10)",
            "setInterval(async () => { g() }, 10)",
            "declare const button: { subscribe(f: () => void): void }; button.subscribe(() => { g() })",
            // The catch throws again, or a statement or a condition is outside the try.
            "function run() { try { g() } catch (e) { throw e } } run.start()",
            "function run() { try { g() } catch (e) {} g() } run.start()",
            "function run() { try { g() } finally { g() } } run.start()",
            "function run() { while (g()) { try { g() } catch (e) {} } } run.start()",
            // The function is not known, or another file declares it without a catch.
            "function run(life: () => Promise<void>) { life.start() }",
            'import { waitForSlot } from "../devs/agent/slot-wait"; waitForSlot.start(undefined)',
        ],
    },
    "max-call-arguments": {
        valid: ["f(1, 2, 3, 4, 5, 6, 7, 8)", 'console.log("a", b, c, d, e, f, g, h)'],
        invalid: [
            "f(1, 2, 3, 4, 5, 6, 7, 8, 9)",
            "new F(1, 2, 3, 4, 5, 6, 7, 8, 9)",
            'console.log("a", b, c, d, e, f, g, h, i)',
        ],
    },
    "max-template-holes": {
        valid: ["const t = `${a}${b}${c}${d}${e}${f}${g}`"],
        invalid: ["const t = `${a}${b}${c}${d}${e}${f}${g}${h}`"],
    },
    "no-broken-import": {
        valid: [
            'import { uptime } from "@devicescript/runtime"',
            'import { Socket } from "@devicescript/net"',
            'import type { MQTTClient } from "@devicescript/net"',
        ],
        invalid: [
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
        valid: [`async function f() { while (ds.millis() < 9) await ds.sleep(1) }`],
        invalid: [
            `while (ds.millis() < 9) {}`,
            `for (; ds.millis() < 9; ) f()`,
            `while (ds.millis() < 9) f(async () => { await ds.sleep(1) })`,
        ],
    },
    "no-collection-property": {
        valid: [
            `${LIST}list[0] = 1; list[list.length] = 2`,
            `${BYTES}bytes[0] = 1; bytes[0] |= 8`,
            "class Packet { length = 0; reset() { this.length = 0 } }",
            "const o: { [name: string]: number } = {}; o.tag = 1; o['x'] = 2",
        ],
        invalid: [
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
        valid: ['JSON.parse("1")', "const text = '{\"n\":' + 1 + '}'"],
        invalid: ["JSON.stringify({ n: 1 })"],
    },
    "no-loop-closure": {
        valid: [
            `${LIST}list.forEach(n => f(() => n))`,
            "let sum = 0; for (let i = 0; i < 3; i++) f(() => sum)",
            "for (let i = 0; i < 3; i++) f((i: number) => i)",
            "for (;;) f((a: number) => { const b = a; return b })",
        ],
        invalid: [
            "for (let i = 0; i < 3; i++) f(() => i)",
            `${LIST}for (const n of list) f(() => n)`,
            "while (g()) { const n = 1; f(() => n) }",
            "for (;;) { const n = 1; f(function () { return n }) }",
            "for (let i = 0; i < 3; i++) f(() => () => i)",
        ],
    },
    "no-math-random": { valid: ["random()"], invalid: ["Math.random()"] },
    "no-negative-insert": {
        valid: [`${LIST}list.insert(0, 2)`, `${LIST}if (list.length) list.insert(0, -1)`],
        invalid: [`${LIST}list.insert(0, -2)`, `${LIST}const n = 1; list.insert(0, -n)`],
    },
    "no-negative-slice": {
        valid: [`${BYTES}bytes.slice(bytes.length - 2)`, '"abc".slice(-2)', `${LIST}list.slice(-2)`],
        invalid: [`${BYTES}bytes.slice(-2)`, `${BYTES}bytes.slice(0, -1)`],
    },
    "no-optional-chain-pair": {
        valid: ["a?.x", "a?.x.y", "(a?.x)?.y", "f(a?.x, b?.y)", "a?.x[b?.y]"],
        invalid: ["a?.x?.y", "a?.x.y?.z", "a?.x?.()", "a?.[0]?.y"],
    },
    "no-parse-int-radix": { valid: ['parseInt("12")'], invalid: ['parseInt("ff", 16)'] },
    "no-replaced-module": {
        valid: ['import { connect } from "../devs/socket"', 'import * as ds from "@devicescript/core"'],
        invalid: [
            'import { Socket } from "@devicescript/net"',
            'import * as settings from "@devicescript/settings"',
            'export { readSetting } from "@devicescript/settings"',
            'export * from "@devicescript/net"',
        ],
    },
    "no-signed-read": {
        valid: [`${BYTES}bytes.readUInt32BE(0) >>> 0`, `${BYTES}bytes.readUInt16BE(0)`],
        invalid: [`${BYTES}bytes.readUInt32BE(0)`],
    },
    "no-sleep-zero": {
        valid: [`async function f() { await ds.sleep(1) }`],
        invalid: [`async function f() { await ds.sleep(0) }`],
    },
    "no-string-order": {
        valid: ["1 < 2", '"a" === "b"', 'declare const n: number; n >= "a".charCodeAt(0)'],
        invalid: [
            '"a" < "b"',
            "declare const name: string; declare const other: any; name >= other",
            'declare const kind: "a" | "b"; declare const other: any; other <= kind',
            "function f<T extends string>(t: T, other: any) { return t > other }",
        ],
    },
    "no-this-in-arrow": {
        valid: [
            "class A { n = 1; f() { const self = this; g(() => self.n) } }",
            "class A { f() { return this } }",
        ],
        invalid: ["class A { n = 1; f() { g(() => this.n) } }", "class A { f() { g(() => () => this) } }"],
    },
    "no-top-level-await": {
        valid: ["async function f() { await g() }", "const f = async () => { await g() }"],
        invalid: ["await g()", "if (a) { await g() }", "const n = await g()"],
    },
    "no-unsupported-syntax": {
        valid: [
            "class A { static make() { return new A() } }",
            "class B extends A { constructor() { super() } }",
            "const o = { f: () => 1 }",
            "function f(n = 1) { return n }",
            "for (;;) { if (a) break }",
            "const [a, b] = list; const { c, ...rest } = o",
        ],
        invalid: [
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
        valid: ["Math.max(1, 2)", "Math.min(Math.max(1, 2), 3)"],
        invalid: ["Math.max(1, 2, 3)", "Math.min(1)", "Math.max(...list)"],
    },
    "recv-timeout": {
        valid: ["async function f() { await socket.recv(5000) }"],
        invalid: ["async function f() { await socket.recv() }"],
    },
    "round-before-text": {
        valid: [
            "const t = `${Math.round(a / 2)}`",
            'const t = "" + 3',
            "const n = a / 2 + 1",
            "JSON.stringify({ t: Math.round(a / 2) })",
        ],
        invalid: [
            "const t = `${a / 2}`",
            'const t = "t=" + 0.1',
            'const t = 0.5 * n + "s"',
            "JSON.stringify({ t: [a / 2] })",
        ],
    },
    "sort-comparator": {
        valid: [`${LIST}list.sort((a, b) => a - b)`],
        invalid: [`${LIST}list.sort()`],
    },
}
