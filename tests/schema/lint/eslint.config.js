import graphql from "@graphql-eslint/eslint-plugin";

export default [
  {
    files: ["schema.graphql"],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: "./schema.graphql" } },
    },
    plugins: { "@graphql-eslint": graphql },
    rules: {
      ...graphql.configs["flat/schema-recommended"].rules,
      ...graphql.configs["flat/schema-relay"].rules,

      // The rule asks for an id "unless they do not have a logical one". These have none: they are parts of a record or
      // of an answer, and a client that kept them by an id would mix them up.
      "@graphql-eslint/strict-id-in-types": [
        "error",
        {
          exceptions: {
            types: [
              "Change",
              "Country",
              "Money",
              "PageInfo",
              "PluginExample",
              "PluginField",
              "PluginHook",
              "PluginMigration",
              "PluginOperation",
              "PluginPermission",
              "PluginRecord",
              "PluginReport",
              "PluginRule",
              "PluginSetting",
              "PostalAddress",
              "State",
              "Violation",
            ],
            suffixes: ["Aggregates", "BulkResult", "Connection", "Edge", "Payload"],
          },
        },
      ],

      // Everything of Relay's about edges holds. That no other list may be anywhere is not Relay's: it would leave no
      // `nodes` beside `edges`, no lines of a street and no violations.
      "@graphql-eslint/relay-edge-types": [
        "error",
        { withEdgeSuffix: true, shouldImplementNode: true, listTypeCanWrapOnlyEdgeType: false },
      ],

      // What neither set of rules asks for.
      "@graphql-eslint/alphabetize": [
        "error",
        {
          arguments: ["FieldDefinition", "DirectiveDefinition"],
          fields: ["InputObjectTypeDefinition", "InterfaceTypeDefinition", "ObjectTypeDefinition"],
          groups: ["id", "*"],
          values: true,
        },
      ],
      "@graphql-eslint/no-scalar-result-type-on-mutation": "error",
      "@graphql-eslint/require-description": [
        "error",
        {
          types: true,
          DirectiveDefinition: true,
          EnumValueDefinition: true,
          FieldDefinition: true,
          InputValueDefinition: true,
        },
      ],
      "@graphql-eslint/require-nullable-fields-with-oneof": "error",
      "@graphql-eslint/require-nullable-result-in-root": "error",
    },
  },
];
