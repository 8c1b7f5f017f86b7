from .chat.batched import BatchedChatHuggingFace as BatchedChatHuggingFace
from .load import load_chat_model as load_chat_model
from .recorded import RecordedTeacher as RecordedTeacher
from .replicas.errors import ReplicaError as ReplicaError
from .replicas.replicated import ReplicatedChatModel as ReplicatedChatModel
from .scripted import ScriptedChatModel as ScriptedChatModel
