// What the compiler refuses, told at once and for code that no image reaches yet (facts 1.1).

/** [selector, what it is, the cure] */
const REFUSED = [
    ["DoWhileStatement", "do..while", "use for (;;) with a break"],
    ["LabeledStatement", "a label", "move the loop into a function and return"],
    ["BinaryExpression[operator='in']", "`in`", "compare the property with undefined"],
    ["AssignmentExpression[operator=/^(\\?\\?|\\|\\||&&)=$/]", "a logical assignment", "write it out"],
    ["UnaryExpression[operator='void']", "`void`", "leave it out"],
    ["TSSatisfiesExpression", "`satisfies`", "declare the variable's type"],
    ["Literal[regex]", "a regular expression", "use indexOf, slice and split"],
    ["Literal[bigint]", "a bigint", "a number holds 53 bits"],
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
        "set it in the next line",
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
        "await in turn; ds.millis()",
    ],
    ["CallExpression[callee.property.name='then']", ".then()", "use await"],
]

export const noUnsupportedSyntax = {
    meta: {
        type: "problem",
        schema: [],
        messages: { trap: "{{what}}: the DeviceScript compiler refuses it (facts 1.1). Cure: {{cure}}" },
    },
    create(context) {
        return Object.fromEntries(
            REFUSED.map(([selector, what, cure]) => [
                selector,
                node => context.report({ node, messageId: "trap", data: { what, cure } }),
            ])
        )
    },
}
