# Runs one command with what was said. A value is one argument whatever is in it, and no option of its own.
set -ef

wrong() { # WHY
  echo "recipack: $1" >&2
  exit 64
}
# Whether an input was given; one that the command has no use for would be taken for heeded.
given() { # INPUT VALUE COMMANDS
  [ -n "$2" ] || return 1
  case " $3 " in *" $RECIPACK_INPUT_COMMAND "*) ;; *) wrong "\`$RECIPACK_INPUT_COMMAND\` has no input \`$1\`" ;; esac
}
# The same of what is true or false.
chosen() { # INPUT VALUE COMMANDS
  case $2 in
    '' | false) return 1 ;;
    true) given "$@" ;;
    *) wrong "\`$1\` is true or false, and not $2" ;;
  esac
}

case $RECIPACK_INPUT_COMMAND in
  export | check | verify | plan | import) ;;
  *) wrong 'the command is export, check, verify, plan or import' ;;
esac
set -- "$RECIPACK_INPUT_COMMAND" --quiet
if given manifest "$RECIPACK_INPUT_MANIFEST" 'export check'; then set -- "$@" "--manifest=$RECIPACK_INPUT_MANIFEST"; fi
if given to "$RECIPACK_INPUT_TO" 'export check'; then set -- "$@" "--to=$RECIPACK_INPUT_TO"; fi
if given for "$RECIPACK_INPUT_FOR" 'export check'; then set -- "$@" "--for=$RECIPACK_INPUT_FOR"; fi
if given catalog "$RECIPACK_INPUT_CATALOG" 'export check'; then set -- "$@" "--catalog=$RECIPACK_INPUT_CATALOG"; fi
if given output "$RECIPACK_INPUT_OUTPUT" 'export plan'; then set -- "$@" "--output=$RECIPACK_INPUT_OUTPUT"; fi
if chosen locked "$RECIPACK_INPUT_LOCKED" 'export import'; then set -- "$@" --locked; fi
if chosen release "$RECIPACK_INPUT_RELEASE" 'export'; then set -- "$@" --release; fi
if given rebuild-from "$RECIPACK_INPUT_REBUILD_FROM" 'verify'; then
  set -- "$@" "--rebuild-from=$RECIPACK_INPUT_REBUILD_FROM"
fi
if given key "$RECIPACK_INPUT_KEY" 'verify import'; then
  case $RECIPACK_INPUT_COMMAND in
    verify) set -- "$@" "--key=$RECIPACK_INPUT_KEY" ;;
    *) set -- "$@" "--require-signature=$RECIPACK_INPUT_KEY" ;;
  esac
fi
if given into "$RECIPACK_INPUT_INTO" 'plan import'; then set -- "$@" "--into=$RECIPACK_INPUT_INTO"; fi
if given folder "$RECIPACK_INPUT_FOLDER" 'plan import'; then set -- "$@" "--folder=$RECIPACK_INPUT_FOLDER"; fi
if given settings "$RECIPACK_INPUT_SETTINGS" 'plan import'; then set -- "$@" "--settings=$RECIPACK_INPUT_SETTINGS"; fi
if given permit "$RECIPACK_INPUT_PERMIT" 'plan import'; then
  for permission in $RECIPACK_INPUT_PERMIT; do
    case $permission in
      restart-recipes | allow-downgrade | allow-moved-recipes) set -- "$@" "--$permission" ;;
      allow-missing-connectors | overwrite-rows | other-target) set -- "$@" "--$permission" ;;
      *) wrong "\`$permission\` is no permission" ;;
    esac
  done
fi
# Nobody is there to ask: the plan, the permissions and the environment's reviewers are the answer.
if [ "$RECIPACK_INPUT_COMMAND" = import ]; then set -- "$@" --yes; fi
while read -r report; do
  if [ -n "$report" ]; then set -- "$@" "--report=$report"; fi
done <<REPORTS
$RECIPACK_INPUT_REPORT
REPORTS
if given project "$RECIPACK_INPUT_PROJECT" 'export check'; then set -- "$@" -- "$RECIPACK_INPUT_PROJECT"; fi
if given package "$RECIPACK_INPUT_PACKAGE" 'verify plan import'; then
  set -- "$@" -- "$RECIPACK_INPUT_PACKAGE"
else
  case $RECIPACK_INPUT_COMMAND in
    verify | plan | import) wrong "\`$RECIPACK_INPUT_COMMAND\` needs the input \`package\`" ;;
  esac
fi
if [ -n "$RECIPACK_INPUT_TOKEN" ]; then export WORKATO_API_TOKEN="$RECIPACK_INPUT_TOKEN"; fi
unset RECIPACK_INPUT_TOKEN
recipack "$@"
