' The ways to change a value that are not the short ones, more often than a small stack has room for if one of them
' were not reached by a tail call.

rows = []
FOR i = 1 TO 100000
  made = {w: 1}
  made.u = i
  LET empty = NEW OBJECT
  empty.u = i
  keyed = {a: 1}
  keyed["total"] = i
  copy = made
  copy.v = i
  taken = with_field(made)
  list = [1]
  list[1] = i
  list.ADD(made)
  text = "n" & i
  text = text & "-" & i
  IF i MOD 10 = 0 THEN rows.ADD(made)
  SELECT CASE [i, text, i / 2, TRUE][i MOD 4]
    CASE 1, 2, 3, 4, "n5-5"
      met = i
    CASE ELSE
      missed = i
  END SELECT
  TRY
    made.u = 1 / (i MOD 2)
  CATCH e
    caught = e.line
  FINALLY
    tidied = i
  END TRY
NEXT
FOR EACH row IN rows
  row.total = 5
NEXT
PRINT JSON_STRINGIFY([row, keyed, copy, taken, list, text])

FUNCTION with_field(o)
  o.added = 7
  RETURN o
END FUNCTION
