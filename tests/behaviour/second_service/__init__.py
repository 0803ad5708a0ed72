"""Another SpecStep server, written from the public pages alone, by somebody who decided otherwise where they are
silent."""
