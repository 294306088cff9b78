-- Builds what graph.tsv says (output, command and inputs in a row) with Shake, which compares the
-- contents of files whose times have moved.
import Development.Shake
import qualified Data.ByteString.Char8 as Bytes
import qualified Data.HashMap.Strict as Map

main :: IO ()
main = do
  text <- Bytes.readFile "graph.tsv"
  let action line = case Bytes.split '\t' line of
        [output, command, inputs] ->
          (Bytes.unpack output, (Bytes.unpack command, map Bytes.unpack (Bytes.words inputs)))
        _ -> error "a row has three columns"
      actions = Map.fromList (map action (Bytes.lines text))
      options = shakeOptions {shakeThreads = 2, shakeVerbosity = Error, shakeChange = ChangeModtimeAndDigest}
  shake options $ do
    want (Map.keys actions)
    (`Map.member` actions) ?> \output -> do
      let (command, inputs) = actions Map.! output
      need inputs
      cmd_ Shell (EchoStdout False) command
