/** Fields whose value is nobody's to read, as they are called here and elsewhere. */
const secretField = /^(?:credentials?|accesskey(?:id)?|secret(?:access)?key|(?:session)?token|password)$/i;

const secret = "[secret]";

/** The value that was given at that path, as a message may have it. */
export const shown = (path: string, given: unknown): string =>
  JSON.stringify(
    path.split(".").some((field) => secretField.test(field)) ? secret : given,
    (field, value: unknown) => (secretField.test(field) ? secret : value),
  );
