a: b
no rule here
