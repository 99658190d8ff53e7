import { defineRule } from "../define-rule.js"

/**
 * Syntax that the compiler rejects: [selector, name of the construct, replacement]. The compiler reports only code that
 * an image uses, and only when an image is built.
 */
const REJECTED = [
    ["DoWhileStatement", "do..while", "use for (;;) with a break"],
    ["LabeledStatement", "a label", "move the loop into a function and return"],
    ["BinaryExpression[operator='in']", "`in`", "compare the property with undefined"],
    [
        "AssignmentExpression[operator=/^(\\?\\?|\\|\\||&&)=$/]",
        "a logical assignment",
        "write the condition and the assignment",
    ],
    ["UnaryExpression[operator='void']", "`void`", "omit it"],
    ["TSSatisfiesExpression", "`satisfies`", "declare the variable's type"],
    ["Literal[regex]", "a regular expression", "use indexOf, slice and split"],
    ["Literal[bigint]", "a bigint", "use a number, which holds 53 bits"],
    ["ImportExpression", "a dynamic import", "import at the top"],
    [":function[generator=true]", "a generator", "return an array"],
    [
        ":not(Program, ExportNamedDeclaration) > ClassDeclaration",
        "a class inside a block",
        "move it to the top",
    ],
    ["ClassExpression", "a class expression", "declare the class at the top"],
    ["MethodDefinition[kind=/^[gs]et$/]", "an accessor", "write a method"],
    ["PrivateIdentifier", "a #private name", "use `private`"],
    [
        "PropertyDefinition[static=true][value]",
        "a static field's initialiser",
        "use a constant of the module",
    ],
    ["CallExpression[callee.object.type='Super']", "super.method()", "call a function that both use"],
    ["ObjectExpression > Property[method=true]", "a method in an object literal", "write name: () => ..."],
    ["ObjectExpression > Property[kind=/^[gs]et$/]", "an accessor in an object literal", "use a function"],
    [
        "ObjectPattern > Property > AssignmentPattern, ArrayPattern > AssignmentPattern",
        "a default in a destructuring",
        "assign it in the next statement",
    ],
    ["TSModuleDeclaration[declare!=true]", "a namespace", "use a module"],
    [
        "NewExpression[callee.name=/^(Map|Set|WeakMap|WeakSet|Date|Promise|U?[Ii]nt\\d+Array)$/]",
        "a class that DeviceScript does not have",
        "use an object, an array, a Buffer or ds.millis()",
    ],
    [
        "MemberExpression[object.name=/^(Promise|Symbol|Date)$/]",
        "a name that DeviceScript does not have",
        "await one call after the other, or use ds.millis()",
    ],
    ["CallExpression[callee.property.name='then']", ".then()", "use await"],
]

export const noUnsupportedSyntax = defineRule(
    { message: "{{what}}: the DeviceScript compiler rejects it. Instead: {{cure}}", fact: "1.1" },
    (_context, report) =>
        Object.fromEntries(
            REJECTED.map(([selector, what, cure]) => [selector, node => report(node, { what, cure })])
        )
)
